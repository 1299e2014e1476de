// An enum that is used twice, a type that contains itself, a module with comments and attributes, the name of a file from a
// macro: nothing to say.
flow_macros::flow! {
    /// Money from one currency to another.
    pub mod exchange;

    /// The exchange of the shop
    workflow exchange {}

    type Currency = "EUR" | "USD"
    type Order = { from: Currency, to: Currency, all: [Currency], maybe?: Currency | null }

    flow { start -> change }

    manual start(Order)
    rust change = crate::change(input_data, from, to, all) -> { from: Currency, to: Currency }
}

async fn change(
    order: exchange::Order,
    from: exchange::Currency,
    to: exchange::Currency,
    _: Vec<exchange::Currency>,
) -> Result<exchange::ChangeResult, String> {
    Ok(exchange::ChangeResult { from: order.maybe.unwrap_or(from), to })
}

flow_macros::flow! {
    #[allow(deprecated)]
    pub(crate) mod silenced;

    workflow open {}
    flow { hook -> charge }
    webhook hook at "orders"
    http charge { POST "https://pay.example/charge" }
}

#[allow(deprecated)]
mod tree {
    flow_macros::flow!(pub mod tree, file = "tree.json");
}

macro_rules! workflow {
    ($name:ident, $file:literal) => {
        flow_macros::flow!(mod $name, file = $file);
    };
}
workflow!(handed_on, "right.flow");

fn main() {
    let _ = (silenced::Workflow::builder(), handed_on::Workflow::builder());
    let leaf = tree::tree::Tree { left: None, leaves: None };
    let _: Option<Vec<flow_runtime::embed::serde_json::Value>> = leaf.leaves;
}
