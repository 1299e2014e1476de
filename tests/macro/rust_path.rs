// Paths of functions that rustc could not read.
flow_macros::flow! {
    workflow screening {}

    flow { start -> a -> b -> c }

    manual start
    rust a { function: "crate::check ", arguments: [input_data] }
    rust b { function: "crate::r#type", arguments: [input_data] }
    rust c = self(input_data)
}

fn main() {}
