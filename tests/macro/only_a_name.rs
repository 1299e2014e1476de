// The name of the module, and nothing behind it.
flow_macros::flow! { pub mod orders; }

fn main() {}
