// What a node does stands in braces.
flow_macros::flow! {
    workflow orders {}

    flow { start -> charge }

    manual start
    http charge POST "https://pay.example/charge"
}

fn main() {}
