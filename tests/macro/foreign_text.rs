// Texts and names as only Rust has them.
flow_macros::flow! {
    workflow texts {}

    type Order = { id: string }

    flow { start -> call }

    manual start(Order)
    http call { POST r"https://shop.example/", body: { re: r#"\d+"# } }
}

flow_macros::flow! {
    workflow names {}

    flow { start -> call }

    manual start
    rust call = crate::r#type(input_data)
}

fn main() {
    let _ = names::Workflow::builder();
    let _ = texts::Order { id: String::new() }.id;
}
