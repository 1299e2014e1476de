// Text as only Rust has it.
flow_macros::flow! {
    workflow orders {}

    flow { start -> call }

    manual start
    http call { POST r"https://shop.example/", body: { re: r#"\d+"# } }
}

fn main() {}
