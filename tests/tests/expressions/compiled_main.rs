/// Replaces the main function of a compiled workflow: calls its functions with data from standard input, and prints what
/// they make of it. A line of input is the JSON text of the input or of an output (empty: skipped); of output, that of one
/// node, or `fault`.
fn main() {
    use ::flow_runtime::flow::{Body, Kind};
    use ::flow_runtime::render::Json;
    use ::flow_runtime::scope::Scope;
    use ::flow_runtime::value::{Doc, Limits, Value};

    let environment: Vec<String> = WORKFLOW
        .environment
        .iter()
        .map(|variable| ::std::env::var(variable.name).expect("the test sets it"))
        .collect();
    let node_ids: Vec<&'static str> = WORKFLOW.nodes.iter().map(|node| node.id).collect();
    let index_of = |id: &str| node_ids.iter().position(|known| *known == id).expect("the node is there");
    let last = index_of("process-payment");
    let mut lines = ::std::io::stdin().lines().map(|line| line.expect("the test writes UTF-8"));
    while let Some(line) = lines.next() {
        let input = Doc::read(line.as_bytes(), WORKFLOW.input, &Limits::default()).expect("the test writes JSON");
        let mut outputs: Vec<Option<Doc>> = WORKFLOW.nodes.iter().map(|_| None).collect();
        for id in ["check", "process-payment", "skipped"] {
            let line = lines.next().expect("a line for each node");
            if !line.is_empty() {
                let node = index_of(id);
                let shape = WORKFLOW.nodes[node].output;
                outputs[node] = Some(Doc::read(line.as_bytes(), shape, &Limits::default()).expect("the test writes JSON"));
            }
        }
        for (at, node) in WORKFLOW.nodes.iter().enumerate().filter(|(_, node)| node.id.starts_with('t')) {
            let scope = Scope::by_hand(
                &input,
                (&node_ids, &outputs),
                &environment,
                "2026-11-22T18:21:00.000Z",
                "exec-0193",
            )
            .activated_by(last);
            let result = match &node.kind {
                Kind::Http(http) => match http.body {
                    Body::Json(body) => {
                        let mut json = Json::default();
                        body(&scope, &mut json).map(|()| json.finish())
                    }
                    _ => {
                        let edge = WORKFLOW.edges.iter().find(|edge| edge.to == at).expect("an edge leads to it");
                        edge.condition.expect("it has a condition")(&scope).map(|passed| passed.to_string())
                    }
                },
                Kind::Filter(filter) => (filter.condition)(&scope).map(|passed| passed.to_string()),
                Kind::Transform(transform) => (transform.run)(&scope).map(|result| {
                    let items = ::flow_runtime::expr::member(&result, "items");
                    exact(&::flow_runtime::expr::index(&items, &Value::Number(0.0)))
                }),
                _ => unreachable!("the test writes no other nodes"),
            };
            println!("{}", result.unwrap_or_else(|_| "fault".to_owned()));
        }
    }
}

/// A text that differs wherever a workflow could see a difference.
fn exact(value: &::flow_runtime::value::Value) -> String {
    use ::flow_runtime::value::Value;
    match value {
        Value::Undefined => "undefined".to_owned(),
        Value::Number(number) if number.to_bits() == (-0.0f64).to_bits() => "-0".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(exact).collect::<Vec<_>>().join(",")),
        Value::Object(object) => {
            let field = |(key, value): (&::flow_runtime::value::JsString, &Value)| {
                format!("{}:{}", Value::String(key.clone()).to_json().unwrap_or_default(), exact(value))
            };
            format!("{{{}}}", object.iter().map(field).collect::<Vec<_>>().join(","))
        }
        _ => value.to_json().unwrap_or_default(),
    }
}
