// Several mistakes of different stages' kinds: each of them is said, at its own tokens.
flow_macros::flow! {
    workflow orders { timeout: "soon" }

    type Order = { order_id: string, total: numbr }

    flow {
        start -> charge -> ship {
            result.sucess == true -> tell
        }
    }

    manual start(Order)
    http charge -> { payment_id: string } {
        POST paymnt "/charge"
        body: { amount: total, currency: curency }
    }
    http ship { POST "https://ship.example/${charge.result.payment}" }
}

fn main() {}
