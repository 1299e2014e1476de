// An api and a mail server that nothing declares.
flow_macros::flow! {
    workflow orders {}

    api payment { url: PAYMENT_API_URL, bearer: PAYMENT_API_KEY }

    flow { start -> charge -> tell }

    manual start
    http charge { POST paymnt "/charge" }
    mail tell via post { to: "ann@example.com", subject: "Paid", body: "Paid." }
}

fn main() {}
