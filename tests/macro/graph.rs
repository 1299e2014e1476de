// A circle, a node that nothing leads to, and an `else` that is not the last.
flow_macros::flow! {
    workflow orders {}

    flow {
        start -> charge -> ship -> charge
        ship {
            else                  -> tell
            result.success == true -> log
        }
    }

    manual start
    http charge { POST "https://pay.example/charge" }
    http ship { POST "https://ship.example/ship" }
    http tell { POST "https://shop.example/tell" }
    http log { POST "https://shop.example/log" }
}

fn main() {}
