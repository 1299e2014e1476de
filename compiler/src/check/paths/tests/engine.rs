//! Random small workflows in random worlds: the engine runs them, and the diagrams have to have foreseen it.

use super::workflow;
use super::world::{Ran, World, at, run};
use crate::check::Graph;
use crate::check::paths::Paths;
use crate::check::paths::analysis::Fact;
use crate::check::paths::content::BaseRoot;
use crate::check::paths::mdd::{FALSE, Ref, TRUE};
use crate::model::{Kind, Workflow};
use flow_runtime::engine::EdgeState;
use flow_runtime::value::Value;
use proptest::prelude::*;
use std::fmt::Write;

/// A source of decisions.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// Tests that are represented exactly.
fn condition(dice: &mut Dice, sources: &[usize], own: Option<usize>) -> String {
    nested(dice, sources, own, 2)
}

fn nested(dice: &mut Dice, sources: &[usize], own: Option<usize>, depth: usize) -> String {
    let inner = |dice: &mut Dice| nested(dice, sources, own, depth - 1);
    match if depth == 0 { 9 } else { dice.below(9) } {
        0 => return format!("({} && {})", inner(dice), inner(dice)),
        1 => return format!("({} || {})", inner(dice), inner(dice)),
        2 => return format!("!({})", inner(dice)),
        3 => return format!("({} ? {} : {})", inner(dice), inner(dice), inner(dice)),
        _ => {}
    }
    let test = |dice: &mut Dice, path: &str| {
        let tests = [
            "_ == true",
            "_ == false",
            "_ != 'a'",
            "_ == 'a'",
            "_ === 1",
            "_ > 5",
            "_ <= 5",
            "_",
            "!_",
            "_ == null",
            "_ != undefined",
            "_ && _.length > 0",
            "_.length == 2",
            "_.length == 10",
            "_.length > 2 && _ < 'b'",
            "_ < '2025'",
            "_ > 11",
            "_ < '7' && _.length < 3",
            "_ != {}",
            "_ == [1]",
            "['a', 'b', 5].includes(_)",
            "(_ || 7) >= 6",
            "(_ ?? false) == false",
            "_ ?? true",
            "_ < 'b'",
            "(_ == 1) == true",
            "Boolean(_)",
        ];
        // What is in a whole, nobody knows. Nor does the variable of an object know of the ones of its fields.
        let is_whole = ["result", "error"].into_iter().any(|whole| path.ends_with(whole));
        let has_fields = path.ends_with(".a");
        let asks = |test: &str, parts: &[&str]| parts.iter().any(|part| test.contains(part));
        let is_unknown =
            |test: &str| is_whole && asks(test, &["length", "{", "== ["]) || has_fields && asks(test, &["{"]);
        let tests: Vec<&str> = tests.into_iter().filter(|test| !is_unknown(test)).collect();
        format!("({})", dice.pick(&tests).replace('_', path))
    };
    let output = match (own, sources) {
        (Some(_), _) if dice.below(3) > 0 => Some("result".to_owned()),
        (_, []) => None,
        (_, sources) => Some(format!("previous_outputs.n{}.result", sources[dice.below(sources.len())])),
    };
    let path = match (dice.below(4), output) {
        (0 | 1, Some(result)) => {
            let field = dice.pick(&["ok", "success", "passed", "a", "a.b"]);
            format!("{result}.{field}")
        }
        (2, Some(result)) => {
            let envelope = result.strip_suffix("result").unwrap_or_default();
            match envelope {
                "" => dice.pick(&["error", "error.message", "result"]).to_owned(),
                _ => format!("{envelope}{}", dice.pick(&["status", "error", "error.message", "attempts", "result"])),
            }
        }
        _ => dice.pick(&["input_data.a", "input_data.a.b", "input_data.k", "error.message"]).to_owned(),
    };
    test(dice, &path)
}

fn random_workflow(dice: &mut Dice) -> String {
    let count = 2 + dice.below(5);
    let triggers = dice.below(3);
    let mut nodes = String::new();
    let mut connections = String::new();
    for node in 0..count {
        let sources: Vec<usize> = (0..node).filter(|_| dice.below(count) < 2).collect();
        // Reading a node that is no ancestor is another rule's business.
        let kind = if node < triggers { 4 } else { dice.below(4) };
        let filter = condition(dice, &sources, None);
        let (role, config) = match kind {
            0 | 1 => ("\"type\":\"action\",\"action_type\":\"http\"", "\"url\":\"${API_URL}\"".to_owned()),
            2 => ("\"type\":\"action\",\"action_type\":\"data_filter\"", format!("\"filter_condition\":\"{filter}\"")),
            3 => (
                "\"type\":\"action\",\"action_type\":\"send_email\"",
                "\"smtp_server\":\"m.example\",\"to_email\":\"a@b.example\",\"subject\":\"s\",\"body\":\"b\""
                    .to_owned(),
            ),
            _ => ("\"type\":\"trigger\",\"trigger_type\":\"manual\"", String::new()),
        };
        let mut dependencies = Vec::new();
        if kind != 4 {
            for source in &sources {
                let required = dice.below(3) == 0;
                if required {
                    dependencies.push(format!("\"n{source}\""));
                }
                if !required || dice.below(2) == 0 {
                    let _ = write!(connections, "{{\"from\":\"n{source}\",\"to\":\"n{node}\"");
                    if dice.below(2) == 0 {
                        let _ =
                            write!(connections, ",\"condition\":\"{}\"", condition(dice, &[*source], Some(*source)));
                    }
                    connections.push_str("},");
                }
            }
        }
        let _ = write!(
            nodes,
            "{{\"id\":\"n{node}\",{role},\"config\":{{{config}}},\"dependencies\":[{}]}},",
            dependencies.join(",")
        );
    }
    let list = |text: &str| text.trim_end_matches(',').to_owned();
    format!("{{\"nodes\":[{}],\"connections\":[{}]}}", list(&nodes), list(&connections))
}

/// Values that nobody chose to fit the samples.
fn value(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 17 } else { 20 }) {
        0 => Value::Null,
        1 => Value::Bool(true),
        2 => Value::Bool(false),
        3 => Value::Number(0.0),
        4 => Value::Number(1.0),
        5 => Value::Number(5.0),
        6 => Value::Number(5.5),
        7 => Value::Number(-3.0),
        8 => Value::Number(1e9),
        9 => Value::string(""),
        10 => Value::string(dice.pick(&["a", "b", "ab", "A", "zz"])),
        11 => Value::string(dice.pick(&["5", "6", "1", "0", " ", "7.25", "true"])),
        12 => Value::array(Vec::new()),
        13 => Value::array(vec![value(dice, 0)]),
        14 => Value::array(vec![value(dice, 0), Value::Null]),
        15 => Value::string(dice.pick(&["2024-12-24", "2025-01-01", "20", "3", " 12", "0x0f", "1e1", "aaaaaaaaaa"])),
        16 => Value::array(vec![Value::Null; 10]),
        17 => Value::object([]),
        18 => Value::object([("b", value(dice, depth - 1))]),
        _ => Value::object([("length", value(dice, depth - 1))]),
    }
}

fn random_world(dice: &mut Dice, workflow: &Workflow) -> World {
    let mut fields = |names: &[&str]| -> Vec<(String, Value)> {
        let there: Vec<&str> = names.iter().copied().filter(|_| dice.below(4) > 0).collect();
        there.into_iter().map(|name| (name.to_owned(), value(dice, 2))).collect()
    };
    let input = fields(&["a", "k"]);
    let answers = workflow.nodes.iter().map(|_| fields(&["ok", "success", "passed", "a"])).collect();
    let triggers: Vec<usize> =
        (0..workflow.nodes.len()).filter(|node| workflow.nodes[*node].kind.is_trigger()).collect();
    World {
        input: Value::object(input.iter().map(|(name, value)| (name.as_str(), value.clone()))),
        trigger: (!triggers.is_empty()).then(|| triggers[dice.below(triggers.len())]),
        fails: workflow.nodes.iter().map(|_| dice.below(3) == 0).collect(),
        fields: answers,
        attempts: 1.0 + dice.below(8) as f64,
        message: dice.pick(&["", "a", "m", "5"]).to_owned(),
    }
}

/// What the world says each variable is; `None`: the variable has no meaning in it.
fn assignment(paths: &Paths, world: &World, ran: &Ran) -> Vec<Option<u32>> {
    let value = |fact: &Fact| match fact {
        Fact::Started(triggers) => triggers.iter().position(|trigger| Some(trigger.0) == world.trigger),
        Fact::Outcome(node) => Some(usize::from(world.fails[node.0])),
        Fact::Opaque(atom) => panic!("not represented: {:?}", paths.tests.atoms[*atom]),
        Fact::Value(base, cells) => {
            let value = match base.root {
                BaseRoot::Input => at(&world.input, &base.steps),
                BaseRoot::Output(node) if ran.ran(node.0) => at(&ran.outputs[node.0], &base.steps),
                BaseRoot::Output(_) => return None,
                BaseRoot::Error(_) if base.steps == ["message"] => Value::string(&world.message),
                BaseRoot::Error(_) => panic!("only messages are read"),
            };
            let cell = (0..cells.count).find(|cell| {
                paths
                    .tests
                    .all
                    .iter()
                    .enumerate()
                    .all(|(test, each)| !cells.has_test(test) || cells.holds(test, *cell) == each.holds(&value))
            });
            Some(cell.unwrap_or_else(|| panic!("no cell of {base:?} holds {value:?}")) as usize)
        }
    };
    paths.facts.iter().map(|fact| value(fact).map(|value| value as u32)).collect()
}

/// What a formula says under an assignment. What has no meaning may be anything.
fn holds(paths: &mut Paths, formula: Ref, assignment: &[Option<u32>]) -> bool {
    let mut left = formula;
    for (var, value) in assignment.iter().enumerate() {
        if let Some(value) = value {
            let fact = paths.diagrams.test(var as u32, |other| other == *value);
            left = paths.diagrams.and(left, fact);
        }
    }
    left != FALSE
}

/// Everything the engine did, and the formula that says so.
fn claims(paths: &Paths, workflow: &Workflow, ran: &Ran) -> Vec<(Ref, bool, String)> {
    let mut claims = Vec::new();
    for id in workflow.node_ids() {
        let node = paths.nodes[id.0];
        claims.push((node.runs, ran.ran(id.0), format!("{id:?} runs")));
    }
    for (index, edge) in paths.edges.iter().enumerate() {
        claims.push((edge.taken, ran.edges[index] == EdgeState::Taken, format!("edge {index} is taken")));
        claims.push((edge.died, ran.edges[index] == EdgeState::Failed, format!("edge {index} dies")));
    }
    claims
}

fn agree(paths: &mut Paths, workflow: &Workflow, world: &World) {
    let ran = run(workflow, world);
    let assignment = assignment(paths, world, &ran);
    let mut claims = claims(paths, workflow, &ran);
    for id in workflow.node_ids() {
        let node = paths.nodes[id.0];
        let fails = paths.diagrams.or(node.fails, node.misrouted);
        let fails = paths.diagrams.and(node.runs, fails);
        claims.push((fails, ran.failed(id.0), format!("{id:?} fails")));
        let error = paths.has_error(id, None);
        let has = !at(&ran.outputs[id.0], &["error".to_owned()]).is_nullish();
        if !matches!(workflow.node(id).kind, Kind::Http(_)) {
            claims.push((error, has, format!("{id:?} has an error")));
        }
    }
    for (formula, happened, what) in claims {
        assert_eq!(holds(paths, formula, &assignment), happened, "{what}\n{world:?}");
        assert_eq!(holds(paths, !formula, &assignment), !happened, "not: {what}\n{world:?}");
    }
}

/// A world in which the variables are what an example says; `None`: one of them is a combination that no sample has.
fn realize(paths: &Paths, workflow: &Workflow, example: &[(u32, u32)]) -> Option<World> {
    let mut world = World {
        input: Value::object([]),
        trigger: workflow.nodes.iter().position(|node| node.kind.is_trigger()),
        fails: vec![false; workflow.nodes.len()],
        fields: vec![Vec::new(); workflow.nodes.len()],
        attempts: 1.0,
        message: "m".to_owned(),
    };
    let mut input: Vec<(String, Value)> = Vec::new();
    // A value before the fields in it.
    let mut facts: Vec<(usize, &Fact)> = paths.facts.iter().enumerate().collect();
    facts.sort_by_key(|(_, fact)| if let Fact::Value(base, _) = fact { base.steps.len() } else { 0 });
    for (var, fact) in facts {
        let said = example.iter().find(|(of, _)| *of == var as u32).map(|(_, value)| *value);
        match fact {
            Fact::Started(triggers) => world.trigger = Some(triggers[said.unwrap_or(0) as usize].0),
            Fact::Outcome(node) => world.fails[node.0] = said == Some(1),
            Fact::Opaque(atom) => panic!("not represented: {:?}", paths.tests.atoms[*atom]),
            Fact::Value(base, cells) => {
                let mut cell = said.unwrap_or_else(|| cells.present());
                let always_there = base.steps.last().is_some_and(|step| step == "success" || step == "attempts");
                if base.root != BaseRoot::Input && always_there && cell == 0 {
                    cell = cells.present();
                }
                let tests = || paths.tests.all.iter().enumerate().filter(|(test, _)| cells.has_test(*test));
                let is_of = |value: &Value| tests().all(|(test, each)| cells.holds(test, cell) == each.holds(value));
                let sample = cells.in_cell(cell).find(|sample| is_of(&sample.value))?.value.clone();
                let (fields, steps) = match base.root {
                    BaseRoot::Input => (&mut input, base.steps.as_slice()),
                    BaseRoot::Output(node) if base.steps[0] == "result" => {
                        (&mut world.fields[node.0], &base.steps[1..])
                    }
                    // Shared by all nodes.
                    _ => continue,
                };
                let [first, rest @ ..] = steps else { panic!("a field") };
                let at = fields.iter().position(|(name, _)| name == first);
                match (rest, at) {
                    ([], None) => fields.push((first.clone(), sample)),
                    ([second], None) => fields.push((first.clone(), Value::object([(second.as_str(), sample)]))),
                    ([second], Some(at)) => {
                        if let Value::Object(own) = fields[at].1.clone() {
                            let own = own.iter().filter_map(|(name, value)| Some((name.as_str()?, value.clone())));
                            fields[at].1 = Value::object(own.chain([(second.as_str(), sample)]));
                        }
                    }
                    _ => panic!("two fields at most"),
                }
            }
        }
    }
    let there = |(_, value): &(String, Value)| !matches!(value, Value::Undefined);
    world.fields.iter_mut().for_each(|fields| fields.retain(there));
    input.retain(there);
    world.input = Value::object(input.iter().map(|(name, value)| (name.as_str(), value.clone())));
    Some(world)
}

/// What the diagrams call possible happens in some world.
fn possible_happens(paths: &mut Paths, workflow: &Workflow, dice: &mut Dice) {
    let nothing = run(workflow, &realize(paths, workflow, &[]).expect("ordinary values are samples"));
    let count = claims(paths, workflow, &nothing).len();
    for index in 0..count {
        for negated in [false, true] {
            let formula = claims(paths, workflow, &nothing)[index].0;
            let formula = if negated { !formula } else { formula };
            if formula == FALSE || formula == TRUE {
                continue;
            }
            let shared = |fact: &Fact| match fact {
                Fact::Value(base, _) => matches!(base.root, BaseRoot::Error(_)) || base.steps[0] != "result",
                _ => false,
            };
            let example = paths.diagrams.example(formula, |_, value| value ^ dice.below(4) as u32);
            // One message serves all nodes here, so an example in which they differ cannot be made.
            let is_shared = |var: &u32| match &paths.facts[*var as usize] {
                Fact::Value(base, _) if base.root == BaseRoot::Input => false,
                fact => shared(fact),
            };
            if example.iter().any(|(var, _)| is_shared(var)) {
                continue;
            }
            let Some(world) = realize(paths, workflow, &example) else { continue };
            let ran = run(workflow, &world);
            let (_, happened, what) = claims(paths, workflow, &ran).swap_remove(index);
            assert_eq!(happened, !negated, "{what}, {negated}\n{example:?}\n{world:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_diagrams_say_what_the_engine_does(seed: u64) {
        diagrams_say_what_the_engine_does(seed);
    }
}

/// A number that is neither of the two which `==` takes for `true` and `false`.
#[test]
fn a_number_compared_with_booleans_alone() {
    diagrams_say_what_the_engine_does(5_936_747_859_197_552_817);
}

#[test]
fn a_message_compared_with_texts() {
    diagrams_say_what_the_engine_does(11_595_772_691_247_292_898);
}

fn diagrams_say_what_the_engine_does(seed: u64) {
    let mut dice = Dice(seed);
    let text = random_workflow(&mut dice);
    let workflow = workflow(&text);
    let graph = Graph::new(&workflow);
    let mut paths = Paths::new(&workflow, &graph);
    assert!(!paths.gave_up());
    for _ in 0..8 {
        let world = random_world(&mut dice, &workflow);
        agree(&mut paths, &workflow, &world);
    }
    possible_happens(&mut paths, &workflow, &mut dice);
}
