// Names that cannot be used where they stand.
flow_macros::flow! {
    workflow orders {}

    type Order = { order_id: string @secret }

    flow { start -> charge -> while }

    manual start(Order)
    http charge { POST "https://pay.example/charge", headers: { "Bad Header": order_id } }
    http while { POST "https://pay.example/while" }
    schedule nightly cron "61 3 * * *"
}

fn main() {}
