// Types that nothing declares.
flow_macros::flow! {
    workflow orders {}

    type Item = { sku: strng }
    type Order = { items: [Itm] }

    flow { start -> charge }

    manual start(Ordr)
    http charge -> Payment { POST "https://pay.example/charge" }
}

fn main() {}
