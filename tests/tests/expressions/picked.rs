//! Expressions somebody thought of, which chance would hardly write: read by Node as they stand.

use crate::data::Data;
use crate::generate::Place;
use crate::node::{Node, Question};
use crate::ours::{Values, checked, find, workflow};
use crate::process::encoded;

const INPUT: &str = r#"{"items":[{"sku":"B","tags":["z","a"],"price":2},{"sku":"A","tags":["y","x","x"],"price":10}],
"scores":[10,9,1,-0],"tags":["b","a"],"name":"a😀b","total":1.005,"nothing":null,"matrix":[[3,1,2],[9,8]],
"meta":{"b":1,"10":2,"9":3,"a":4,"01":5},"text":"\ud83d","notes":"\uff5e","mixed":[3,"10",null,true,"b",21]}"#;

/// Each has the value that Node gives the very same text.
const SAME: &str = r#"
true || JSON.parse('bad')
false && JSON.parse('bad')
name ?? JSON.parse('bad')
true ? 1 : JSON.parse('bad')
false ? JSON.parse('bad') : 1
nothing?.[JSON.parse('bad')]
undefined?.at(JSON.parse('bad'))
[].map(x => JSON.parse('bad'))
JSON.parse('bad') || 1
[][JSON.parse('bad')]
[1.5, 'a'][0.5]
[1, 2][-1]
[1, 2][4294967296]
[1, 2]['00']
[1, 2][-0]
'abc'[1]
'abc'['1']
'abc'['01']
name[1] + name[2]
name[1]
name < notes
text < name
'😀' < '\uff5e'
[notes, name, text].sort()
1 / (nothing ?? -0)
1 / (total - total - 0)
[-0, 0].sort()
1 / Math.round(-0.4)
1 / -0
-0 + ''
(nothing || NaN) + ''
[nothing || NaN]
[nothing ?? undefined]
(nothing || Infinity) > 1
(missing || [undefined])[0] === undefined
Object.keys(meta)
Object.entries({ b: 1, '2': 2, '1': 3, '-1': 4, '01': 5, 4294967295: 6, 4294967294: 7 })
JSON.stringify(undefined)
JSON.stringify([undefined, NaN, -0, null])
JSON.stringify({ a: undefined, b: [undefined] })
JSON.stringify({ a: [], b: {} }, null, 2)
JSON.stringify('\ud83d\u2028')
[undefined, null, 1].join('-')
[undefined, 3, undefined, 1].sort()
mixed.slice().sort()
scores.slice().sort()
scores.slice().sort((a, b) => a - b)
scores.slice().sort((a, b) => Number(a > b))
scores.slice().sort(() => 0)
total.toFixed(2)
(8.345).toFixed(2) + (1.45).toFixed(1) + (2.5).toFixed(0) + (-1.5).toFixed(0) + (1e21).toFixed(2)
0.1 + 0.2
1e21 + ''
1e-7 + ''
(25).toString(36) + (0.5).toString(2)
tags.map(tags => tags + tags)
tags.map(Math => Math.length)
tags.map((input_data, name) => input_data + name)
tags.map(x => tags.map(x => x)).length
tags.map((x, i, all) => all.length - i)
tags.map(x => y => x).length
[1, 2, 3].reduce((a, b) => a + b)
[].reduce((a, b) => a + b)
[].reduce((a, b) => a + b, 0)
[7].reduce(a => JSON.parse('bad'))
['1', '2', '3'].map(Number)
[0, '', 'a', null].filter(Boolean)
[1, [2, [3, [4]]]].flat(Infinity)
'a-b-c'.split('-', 2)
'abc'.split('')
'abc'.replace('b', '[$&$`$\'$$]')
'aXbX'.replaceAll('X', '$&$&')
'abc'.padStart(6, '12') + 'abc'.padEnd(5)
'abc'.repeat(-1)
(5).toFixed(101)
'ΑΣ'.toLowerCase() + 'ß'.toUpperCase() + 'İ'.toLowerCase().length
null == 0
undefined == null
null >= 0
'b' > 'a' && '10' < '9' && 10 > '9'
NaN != NaN
'1' == 1
[5] == 5
[1, 2] + '' == '[1,2]' || true
true + true
'5' * '2' - '1'
- -1 - - 1
!-1
+'0x1F' + +' 12 ' + +'' + +null
-'5' + +true
1 < 2 < 3 === true
1 + 2 + '3' + 4 * 5 % 3
a ? b : i ? s : x
(1, 2)
x?.5:1
5..toFixed(1)
5 .toFixed(1)
.5.toFixed(1)
0xFF + 0b11 + 0o17 + 1_000
`a${1}${'b'}\n${`c${2}`}`
[1, 2,].length
"#;

/// What `sort` and `reverse` change cannot be seen from elsewhere.
const UNSEEN: &str = r#"
items.map(x => x.tags.sort()[0])
items.map(x => x.tags.sort().join())
items.map(x => x.tags.slice().sort().join()).concat(items.map(x => x.tags))
items.filter(x => x.tags.length > 2).map(x => x.tags.sort().join())
items.some(x => x.tags.sort()[0] == 'a')
scores.sort().reverse()
scores.sort((a, b) => a - b).map(x => x + 1)
scores.reverse().concat(scores.length)
scores.slice().reverse().concat(scores)
matrix.map(row => row.sort()[0])
matrix.flatMap(row => row.sort())
matrix.reduce((all, row) => all.concat(row).sort(), [])
JSON.stringify(matrix[0]) + matrix[0].sort()[0]
items.map(x => ({ n: x.sku, t: x.tags })).map(o => o.t.sort().join())
items.sort((a, b) => a.price - b.price).map(x => x.sku).join()
items.map(x => x.tags).map(t => t.sort()[0])
items.map(x => x.tags).reverse().map(t => t[0])
tags.sort().concat(scores.sort())
Object.entries(meta).sort((a, b) => a[1] - b[1])[0]
JSON.parse('[2,1]').sort()
[[2, 1], [4, 3]].map(row => row.sort()[0])
[2, 1].sort((a, b) => a - b).concat([1])
scores && scores.sort()[0]
scores.length > 1 ? scores.sort()[0] : null
(scores || []).slice().sort((a, b) => b - a)[0]
items.map(x => x.sku).sort()
items.map(x => x.price).reverse().concat(items.map(x => x.price))
items.sort((a, b) => a.price - b.price)[0].price + items.length
Object.values(meta).sort((a, b) => a - b)
Object.keys(meta).sort().reverse().map(key => meta[key])
name.split('').reverse().join('')
items.flatMap(x => x.tags).sort().join()
items.flatMap(x => x.tags.sort()).join()
items.every(x => x.tags.sort()[0] < 'm')
scores.sort().slice(0, 2).map(x => x * 2)
"#;

/// What they change can be seen, and Node gives another value for most of these.
const SEEN: &str = r#"
items.map(x => x.tags.sort().join()).concat(items.map(x => x.tags))
items.map((x, i, all) => all.reverse()[0].sku)
[1, 2, 3].map(i => scores.reverse()[0])
[1, 2].map(i => scores.sort((a, b) => i == 1 ? a - b : b - a)[0])
items.filter(x => x.tags.reverse()[0] == 'a')
items.find(x => x.tags.sort()[0] == 'a')
[scores, scores].map(x => x.reverse()[0])
[scores][0].sort().concat(scores)
items.slice()[0].tags.sort().concat(items[0].tags)
items.concat([])[0].tags.sort().concat(items[0].tags)
[[scores]].flat()[0].sort().concat(scores)
Object.values({ a: scores })[0].sort().concat(scores)
({ a: scores }).a.sort().concat(scores)
matrix.map(row => row.map(x => row.reverse()[0]))
matrix.sort((a, b) => a.sort()[0] - b.sort()[0])
matrix[0] == matrix[0].sort()
matrix[0].sort()[0] + JSON.stringify(matrix[0])
(nothing ?? scores).sort().concat(scores)
input_data.tags.sort().concat(input_data.tags)
[1, 2].map(i => scores).map(row => row.reverse()[0])
[1, 2, 3].map((x, i, all) => all.reverse()[0])
[1, 2, 3].filter((x, i, all) => all.reverse()[0] == x)
previous_outputs['check'].result.scores.sort().concat(previous_outputs[name].result.scores)
matrix.reduce((all, row) => all.concat(row.sort()), [])
matrix.reduce((all, row) => all.sort().concat(row))
[[2, 1], [4, 3]].reduce((all, row) => all.concat(row.reverse()))
"#;

#[test]
fn picked_expressions_have_the_value_node_gives_them() {
    let (values, refused) = compared(SAME);
    // Not in the language, or with an argument that always throws: they stay refused.
    assert_eq!(refused, ["tags.map(x => y => x).length", "'abc'.repeat(-1)", "(5).toFixed(101)", "(1, 2)"]);
    assert!(values > 90);
}

#[test]
fn a_sort_that_can_be_seen_and_no_other_is_refused() {
    assert_eq!(compared(UNSEEN).1, [""; 0]);
    assert_eq!(compared(SEEN).0, 0);
}

/// How many had a value, and those that were refused.
fn compared(texts: &'static str) -> (usize, Vec<&'static str>) {
    let answer = |fields: &str| Some(format!("{{\"status\":\"completed\",\"result\":{{{fields}}}}}"));
    let data = Data { input: INPUT.to_owned(), envelopes: [answer(""), answer(""), None], item: "null".to_owned() };
    let mut node = Node::start();
    let (mut values, mut refused, mut differences) = (0, Vec::new(), Vec::new());
    for text in texts.lines().filter(|line| !line.is_empty()) {
        let Ok(model) = checked(&workflow(&[(Place::Body, format!("${{{text}}}"))])) else {
            refused.push(text);
            continue;
        };
        values += 1;
        let ours = encoded(&Values::new(&model, &data).evaluate(&find(&model, 0)));
        let question = Question { translated: "0".to_owned(), unchanged: Some(text.to_owned()) };
        let said = node.ask(&data, &[question]).remove(0).unchanged.unwrap_or_default();
        if ours != said {
            differences.push(format!("{text}\n  ours {ours}\n  node {said}"));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    (values, refused)
}
