// Where warnings are errors, so are those of a workflow.
#![deny(warnings)]

flow_macros::flow! {
    workflow orders {}
    flow { hook -> charge }
    webhook hook at "orders"
    http charge { POST "https://pay.example/charge" }
}

fn main() {}
