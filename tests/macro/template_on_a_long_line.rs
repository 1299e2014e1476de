// Only the part of a long text around the mistake is shown; `é` and `→` are one column each.
flow_macros::flow! {
    workflow orders {}

    type Order = { order_id: string, name: string }

    flow { start -> tell }

    manual start(Order)
    mail tell {
        server: SMTP_SERVER
        from: "shop@example.com"
        to: "ann@example.com"
        subject: "Órder"
        body:
            "Dear ${name},\n\n"
            "the café has taken your order → it is number ${order.id}, and whatever else is to be said about it.\n"
    }
}

fn main() {}
