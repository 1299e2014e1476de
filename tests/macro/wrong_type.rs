// A value that does not fit where it is used: an array in an address.
flow_macros::flow! {
    workflow orders {}

    type Order = { order_id: string, items: [{ sku: string }] }

    flow { start -> ship }

    manual start(Order)
    http ship { PUT "https://ship.example/orders/${items}", body: { first: order_id.sku } }
}

fn main() {}
