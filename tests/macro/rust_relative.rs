//! A path that begins beside the workflow: what is wrong with the function stands at it.

flow_macros::flow! {
    mod screening;
    workflow screening {}

    type Order = { order_id: string, totals: [int] }

    flow { start -> check -> again }

    manual start(Order)

    rust check = fraud::check(order_id) -> int
    rust again = self::fraud::count(totals[0] ?? 0, totals[0]) -> bool
}

mod fraud {
    pub async fn check(_: String) -> Result<String, String> {
        Err("never called".to_owned())
    }

    pub async fn count(_: i64, _: i64) -> Result<bool, String> {
        Err("never called".to_owned())
    }
}

fn main() {}
