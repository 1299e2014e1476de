// A module in Rust has braces; here its name ends with `;`.
flow_macros::flow! {
    mod orders {
        workflow orders {}
    }
}

fn main() {}
