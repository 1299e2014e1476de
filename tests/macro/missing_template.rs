// A mail template that lies nowhere.
flow_macros::flow! {
    workflow orders {}

    flow { start -> tell }

    manual start
    mail tell {
        server: SMTP_SERVER
        from: "shop@example.com"
        to: "ann@example.com"
        subject: "Paid"
        template: "receipt" { order_id }
    }
}

fn main() {}
