// What `flowc check` warns of is a warning at the same place; `allow` accepts it.
flow_macros::flow! {
    workflow orders {}

    flow { hook -> check -> charge }

    webhook hook at "orders"
    http check { POST "https://stock.example/check" }
    http charge { POST "https://pay.example/charge", body: { stock: check.result.avialable } }
    http lonely { POST "https://pay.example/lonely" }
}

flow_macros::flow! {
    workflow accepted { allow: [open-webhook] }

    flow { hook -> charge }

    webhook hook at "orders"
    http charge { POST "https://pay.example/charge" }
}

#[allow(deprecated)]
mod quiet {
    flow_macros::flow! {
        workflow silenced {}

        flow { hook -> charge }

        webhook hook at "orders"
        http charge { POST "https://pay.example/charge" }
    }
}

fn main() {}
