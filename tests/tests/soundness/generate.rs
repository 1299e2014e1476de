//! Workflows whose data all has a schema, and which read it in every way and everywhere: rightly and wrongly.
//!
//! Always true: each expression stands on a line of its own, so that what is found in it can be told apart, and the
//! expression taken out; what is left after that is accepted.

use crate::random::Random;
use crate::schema::Schema;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Where an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    Path,
    Query,
    Header,
    Parameter,
    /// Of a parameter, with text around it.
    MixedParameter,
    Body,
    MixedBody,
    Recipient,
    Subject,
    Prose,
    Filter,
    Message,
    /// What a transform works on.
    Items,
    /// Over an item of a transform.
    Item,
    Condition,
}

#[derive(Debug, Clone)]
pub struct Use {
    pub position: Position,
    /// The node in whose configuration it stands, or which the edge leaves.
    pub node: usize,
    pub text: String,
    pub dropped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Start,
    Http,
    Mail,
    Filter,
    /// Its word, and the key of its expression over an item.
    Transform(&'static str, &'static str),
}

const TRANSFORMS: &[Kind] = &[
    Kind::Transform("filter_items", "filter_condition"),
    Kind::Transform("map_items", "expression"),
    Kind::Transform("sort_items", "field"),
    Kind::Transform("group_items", "field"),
    Kind::Transform("calculate_total", "field"),
    Kind::Transform("add_fields", "fields"),
];

#[derive(Debug)]
pub struct Made {
    pub kinds: Vec<Kind>,
    /// Of the input (the first) and of each answer.
    pub schemas: Vec<Schema>,
    pub uses: Vec<Use>,
    /// From, to, the condition among the uses, whether it is required.
    edges: Vec<(usize, usize, Option<usize>, bool)>,
}

/// What is computed of two values. `@` is one, `#` the other.
const VALUES: &[&str] = &[
    "@",
    "@",
    "@",
    "@",
    "@ || 'none'",
    "@ ?? 0",
    "@ || #",
    "@ ?? #",
    "@.length",
    "@.length > 0 ? @[0] : 'none'",
    "@ ? @ : #",
    "@ && @.length",
    "@ && #",
    "@ == null ? 'none' : @",
    "@ != null && #",
    "@ !== undefined ? @ : 'none'",
    "@.toUpperCase()",
    "@.trim().length",
    "@ + 1",
    "@ * 2",
    "@ + #",
    "-@",
    "@.map(x => x)",
    "@.map(x => x.name)",
    "@.filter(x => x).length",
    "@.join(', ')",
    "@.includes('a')",
    "@.toFixed(2)",
    "JSON.stringify(@)",
    "String(@)",
    "Number(@)",
    "Object.keys(@).length",
    "[@, #]",
    "{ a: @, b: # }",
    "@ === true ? # : 'no'",
    "!@",
    "@ > 5",
    "@ < #",
    "@.slice(0, 2)",
    "@.at(0)",
    "@.find(x => x)",
    "@.find(x => x.id).id",
    "@.reduce((a, x) => a + 1, 0)",
    "Math.max(@, #)",
    "@.split(',')[0]",
    "@.concat(#)",
    "@[0] ?? #",
    "@.some(x => x == #)",
    "@.name",
    "@.items.length",
    "(@ ?? {}).name ?? 'none'",
    "(@ || []).length",
    "Object.values(@)[0]",
    "@.flat()[0]",
    "@.sort((a, b) => a - b)[0]",
];

/// What is asked.
const TESTS: &[&str] = &[
    "@",
    "!@",
    "@ == true",
    "@ == false",
    "@ === 'a'",
    "@ != 'bc'",
    "@ == null",
    "@ != null",
    "@ && @.length > 0",
    "@.length > 1",
    "@ > 5",
    "@ <= 5 || #",
    "@ && #",
    "!@ || #",
    "!(@ && #)",
    "!(@ || #)",
    "@ == #",
    "@ != null && # != null",
    "['a', 'bc'].includes(@)",
    "@ ? # : !#",
    "Boolean(@)",
    "@ !== undefined",
    "@ === null",
    "@ && @[0]",
    "@ >= 6 && #",
    "(@ ?? 7) >= 6",
];

/// What a transform works on.
const LISTS: &[&str] = &["@", "@", "@ || []", "@ ?? [#]", "[@, #]", "@.filter(x => x)", "@.map(x => x)"];

const OF_ITEM: &[&str] = &[
    "item",
    "item.name",
    "item.total > 3",
    "item.name || 'none'",
    "item.id ?? 0",
    "item && item.id",
    "{ a: item, b: item.id }",
    "item.length",
    "item != null",
    "[item, item]",
    "item.items",
    "item.note",
];

impl Made {
    pub fn new(random: &mut Random) -> Made {
        let count = 3 + random.below(6);
        let mut made = Made {
            kinds: vec![Kind::Start],
            schemas: vec![Schema::object(random, 0)],
            uses: Vec::new(),
            edges: Vec::new(),
        };
        for _ in 1..count {
            made.kinds.push(match random.below(10) {
                0..=4 => Kind::Http,
                5 => Kind::Mail,
                6 | 7 => Kind::Filter,
                _ => random.pick(TRANSFORMS),
            });
            made.schemas.push(Schema::object(random, 0));
        }
        // What several places ask for is what narrows.
        let mut popular: Vec<String> = Vec::new();
        let mut before: Vec<Vec<usize>> = vec![Vec::new()];
        for node in 1..count {
            let mut sources = vec![if random.one_in(3) { random.below(node) } else { node - 1 }];
            if random.one_in(3) {
                sources.push(random.below(node));
            }
            sources.dedup();
            let mut known: Vec<usize> = Vec::new();
            for from in &sources {
                known.extend(before[*from].iter().chain([from]));
                let condition = (!random.one_in(3)).then(|| {
                    let text = made.condition(random, *from, &before[*from], &mut popular);
                    made.used(Position::Condition, *from, text)
                });
                made.edges.push((*from, node, condition, random.one_in(5)));
            }
            known.sort_unstable();
            known.dedup();
            made.fill(random, node, &known, &mut popular);
            before.push(known);
        }
        made
    }

    fn used(&mut self, position: Position, node: usize, text: String) -> usize {
        self.uses.push(Use { position, node, text, dropped: false });
        self.uses.len() - 1
    }

    fn condition(&mut self, random: &mut Random, from: usize, before: &[usize], popular: &mut Vec<String>) -> String {
        let result = format!("previous_outputs.n{from}.result");
        match (self.kinds[from], random.below(3)) {
            (Kind::Http, 0) => format!("{result}.success == {}", random.one_in(2)),
            (Kind::Filter, 0 | 1) => format!("{}{result}.passed", random.pick(&["", "!"])),
            _ => {
                let known: Vec<usize> = before.iter().copied().chain([from]).collect();
                self.expression(random, TESTS, &known, popular)
            }
        }
    }

    fn fill(&mut self, random: &mut Random, node: usize, known: &[usize], popular: &mut Vec<String>) {
        let positions: &[Position] = match self.kinds[node] {
            Kind::Start => &[],
            Kind::Http => {
                use Position::{Body, Header, MixedBody, MixedParameter, Parameter, Path, Query};
                &[Path, Query, Header, Header, Parameter, MixedParameter, Body, Body, Body, Body, Body, Body, MixedBody]
            }
            Kind::Mail => &[Position::Recipient, Position::Subject, Position::Prose],
            Kind::Filter => &[Position::Message],
            Kind::Transform(..) => &[Position::Items, Position::Item],
        };
        for position in positions {
            let text = match position {
                Position::Item => random.pick(OF_ITEM).to_owned(),
                Position::Items => self.expression(random, LISTS, known, popular),
                _ => self.expression(random, VALUES, known, popular),
            };
            self.used(*position, node, text);
        }
        if self.kinds[node] == Kind::Filter {
            let text = self.expression(random, TESTS, known, popular);
            self.used(Position::Filter, node, text);
        }
    }

    fn expression(&self, random: &mut Random, forms: &[&str], known: &[usize], popular: &mut Vec<String>) -> String {
        let form = random.pick(forms);
        let mut reference = || {
            if popular.len() > 4 && random.one_in(2) {
                return popular[random.below(popular.len())].clone();
            }
            let reference = self.reference(random, known);
            popular.push(reference.clone());
            reference
        };
        let (first, second) = (reference(), reference());
        form.replace('@', &first).replace('#', &second)
    }

    fn reference(&self, random: &mut Random, known: &[usize]) -> String {
        let mut paths = Vec::new();
        if random.one_in(3) {
            self.schemas[0].paths("input_data", &mut paths);
        } else {
            let node = known[random.below(known.len())];
            let output = format!("previous_outputs.n{node}");
            let result = format!("{output}.result");
            paths.extend(["", ".result", ".error.message", ".status"].map(|rest| format!("{output}{rest}")));
            match self.kinds[node] {
                Kind::Start => self.schemas[0].paths(&result, &mut paths),
                Kind::Http => {
                    self.schemas[node].paths(&result, &mut paths);
                    self.schemas[node].paths(&format!("{result}.response"), &mut paths);
                    paths.extend(["status_code", "success", "duration"].map(|field| format!("{result}.{field}")));
                }
                Kind::Mail => paths.push(format!("{result}.delivery")),
                Kind::Filter => paths.push(format!("{result}.passed")),
                Kind::Transform(..) => {
                    let fields =
                        ["items", "items[0]", "items[0].id", "items[0].name", "count", "total", "items.length"];
                    paths.extend(fields.map(|field| format!("{result}.{field}")));
                }
            }
        }
        paths.swap_remove(random.below(paths.len()))
    }

    /// `service` is where answers come from, such as `127.0.0.1:8080`.
    pub fn text(&self, service: &str) -> Text {
        let mut text = Text::default();
        text.line("{ \"nodes\": [");
        for (node, kind) in self.kinds.iter().enumerate() {
            text.nodes.insert(text.count, node);
            text.line(&format!("{{ \"id\": \"n{node}\", {},", kind.words()));
            let required: Vec<String> = self.required(node).map(|from| format!("\"n{from}\"")).collect();
            text.line(&format!("\"dependencies\": [{}],", required.join(", ")));
            text.line("\"config\": {");
            match kind {
                Kind::Start => text.line(&format!("\"input_schema\": {} }}", self.schemas[0].to_json())),
                Kind::Http => self.http(node, service, &mut text),
                Kind::Mail => {
                    self.one(node, Position::Recipient, "ops@example.com", &mut text, |it| {
                        format!("\"to_email\": \"{it}\",")
                    });
                    self.one(node, Position::Subject, "it", &mut text, |it| format!("\"subject\": \"about {it}\","));
                    self.one(node, Position::Prose, "it", &mut text, |it| format!("\"body\": \"about {it}\","));
                    // Nobody listens there: the mail fails, but only once it is written.
                    text.line("\"smtp_server\": \"127.0.0.1\", \"smtp_port\": 1, \"from_email\": \"me@example.com\",");
                    text.line("\"use_tls\": false, \"retry_count\": 0 }");
                }
                Kind::Filter => {
                    self.one(node, Position::Filter, "timestamp != ''", &mut text, |it| {
                        format!("\"filter_condition\": \"{it}\",")
                    });
                    self.one(node, Position::Message, "no", &mut text, |it| {
                        format!("\"error_message\": \"it is {it}\" }}")
                    });
                }
                Kind::Transform(word, key) => {
                    text.line(&format!("\"transform_type\": \"{word}\","));
                    self.one(node, Position::Items, "${[{ id: 1, name: 'a' }]}", &mut text, |it| {
                        format!("\"input\": \"{it}\",")
                    });
                    self.one(node, Position::Item, "1", &mut text, |it| match *key {
                        "fields" => format!("\"fields\": {{ \"added\": \"${{{it}}}\" }} }}"),
                        key => format!("\"{key}\": \"{it}\" }}"),
                    });
                }
            }
            text.line(if node + 1 < self.kinds.len() { "}," } else { "}" });
        }
        text.line("], \"connections\": [");
        for (number, (from, to, condition, _)) in self.edges.iter().enumerate() {
            text.line(&format!("{{ \"from\": \"n{from}\","));
            if let Some(number) = condition.filter(|number| !self.uses[*number].dropped) {
                text.uses(number, &format!("\"condition\": \"{}\",", self.uses[number].text));
            }
            let comma = if number + 1 < self.edges.len() { "," } else { "" };
            text.line(&format!("\"to\": \"n{to}\" }}{comma}"));
        }
        text.line("], \"settings\": { \"max_retries\": 0 } }");
        text
    }

    fn http(&self, node: usize, service: &str, text: &mut Text) {
        text.line("\"method\": \"POST\",");
        // A URL is one text, and stands on one line: it has one of them.
        let (position, rest) = if node.is_multiple_of(2) { (Position::Path, "/") } else { (Position::Query, "?q=") };
        self.one(node, position, "x", text, |it| format!("\"url\": \"http://{service}/n{node}{rest}{it}\","));
        text.line("\"headers\": {");
        self.all(node, Position::Header, text, |number, it| format!("\"X-U{number}\": \"${{{it}}}\","));
        text.line("\"X-Node\": \"yes\" }, \"params\": {");
        self.all(node, Position::Parameter, text, |number, it| format!("\"u{number}\": \"${{{it}}}\","));
        self.all(node, Position::MixedParameter, text, |number, it| format!("\"u{number}\": \"is ${{{it}}}\","));
        text.line("\"node\": \"yes\" }, \"body\": {");
        self.all(node, Position::Body, text, |number, it| format!("\"u{number}\": \"${{{it}}}\","));
        self.all(node, Position::MixedBody, text, |number, it| format!("\"u{number}\": \"is ${{{it}}}\","));
        text.line("\"node\": \"yes\" }, \"retry_count\": 0,");
        text.line(&format!("\"response_schema\": {} }}", self.schemas[node].to_json()));
    }

    /// What is left of the expressions of a node that stand in one position.
    fn left(&self, node: usize, position: Position) -> impl Iterator<Item = (usize, &Use)> {
        let uses = self.uses.iter().enumerate();
        uses.filter(move |(_, each)| each.node == node && each.position == position && !each.dropped)
    }

    fn all(&self, node: usize, position: Position, text: &mut Text, form: impl Fn(usize, &str) -> String) {
        for (number, each) in self.left(node, position) {
            text.uses(number, &form(number, &each.text));
        }
    }

    /// Something that a node cannot do without.
    fn one(&self, node: usize, position: Position, instead: &str, text: &mut Text, form: impl Fn(&str) -> String) {
        let is_bare = matches!(position, Position::Filter | Position::Item);
        match self.left(node, position).next() {
            Some((number, each)) if is_bare => text.uses(number, &form(&each.text)),
            Some((number, each)) => text.uses(number, &form(&format!("${{{}}}", each.text))),
            None => text.line(&form(instead)),
        }
    }

    fn required(&self, node: usize) -> impl Iterator<Item = usize> {
        self.edges.iter().filter(move |(_, to, _, required)| *to == node && *required).map(|(from, ..)| *from)
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Kind::Start => "\"type\": \"trigger\", \"trigger_type\": \"manual\"",
            Kind::Http => "\"type\": \"action\", \"action_type\": \"http\"",
            Kind::Mail => "\"type\": \"action\", \"action_type\": \"send_email\"",
            Kind::Filter => "\"type\": \"action\", \"action_type\": \"data_filter\"",
            Kind::Transform(..) => "\"type\": \"action\", \"action_type\": \"data_transform\"",
        }
    }
}

/// The text of a workflow.
#[derive(Default)]
pub struct Text {
    pub text: String,
    /// Which use stands on which line, counted from 0.
    pub uses: BTreeMap<usize, usize>,
    /// Which node begins on which line.
    pub nodes: BTreeMap<usize, usize>,
    count: usize,
}

impl Text {
    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("writing to memory");
        self.count += 1;
    }

    fn uses(&mut self, number: usize, line: &str) {
        self.uses.insert(self.count, number);
        self.line(line);
    }
}
