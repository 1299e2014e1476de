use super::*;

fn s(name: &str, ty: Type) -> Field {
    Field::required(name, ty)
}

fn closed(fields: Vec<Field>) -> Type {
    Type::object(fields, Rest::Closed)
}

fn field(name: &str) -> Step {
    Step::Field(name.to_string())
}

#[test]
fn shown_as_people_write_them() {
    let order = closed(vec![
        s("order_id", Type::STRING),
        s("items", Type::array(closed(vec![s("sku", Type::STRING)]), 0)),
        Field::optional("note", Type::STRING.join(&Type::Null)),
    ]);
    assert_eq!(order.to_string(), "{order_id: string, items: [{sku: string}], note?: string | null}");
    assert_eq!(Type::union([Type::text("a"), Type::Missing, Type::Bool]).to_string(), "\"a\" | missing | bool");
    assert_eq!(Type::object(Vec::new(), Rest::Undeclared).to_string(), "object");
}

#[test]
fn unions_hold_nothing_twice() {
    assert_eq!(Type::TRUE.join(&Type::FALSE), Type::Bool);
    assert_eq!(Type::text("a").join(&Type::STRING), Type::STRING);
    assert_eq!(Type::String(Format::Email).join(&Type::String(Format::Url)), Type::STRING);
    assert_eq!(Type::Json.join(&Type::Number), Type::Json);
    assert_eq!(Type::Never.join(&Type::Number), Type::Number);
    assert_eq!(Type::array(Type::Number, 2).join(&Type::array(Type::STRING, 1)).to_string(), "[number | string]");
    let texts = |count: usize| Type::union((0..count).map(|at| Type::text(&at.to_string())));
    assert_eq!(texts(300).members().len(), 300, "as many as there are countries");
    assert_eq!(texts(2_000), Type::STRING);
    assert_eq!(texts(300).join(&texts(310)).members().len(), 310);
    assert_eq!(Type::union([texts(300), Type::STRING, texts(310)]), Type::STRING);
    // In between there are so many members that objects and numbers become few.
    let objects = (0..10).map(|at| closed(vec![s(&format!("f{at}"), Type::Number)]));
    let numbers = (0..700).map(|number| Type::Literal(Literal::Number(f64::from(number))));
    let words = |words: std::ops::Range<i32>| words.map(|at| Type::text(&format!("w{at}")));
    let all = words(0..14).chain(objects).chain(words(14..20)).chain(numbers).chain(words(20..26)).chain(words(20..26));
    assert_eq!(Type::union(all).members().len(), 26 + 2);
}

#[test]
fn many_object_types_become_one_that_covers_them() {
    let one = |at: i32| closed(vec![s(&format!("f{at}"), Type::Number), s("id", Type::STRING)]);
    let all = Type::union((0..20).map(one));
    let Type::Object(object) = &all else { panic!("{all}") };
    assert_eq!(object.field("id").map(|field| field.optional), Some(false));
    assert_eq!(object.field("f7").map(|field| field.optional), Some(true));
}

#[test]
fn kinds_that_a_field_tells_apart_stay_apart() {
    let kind = |at: i32| Type::text(&format!("k{at}"));
    let one = |at: i32| closed(vec![s("kind", kind(at)), s(&format!("v{at}"), Type::Number)]);
    let all = Type::union((0..100).map(one));
    let is = Test::Equals { value: Literal::String("k77".into()), strict: false };
    assert_eq!(all.join(&Type::Missing).assuming(&[field("kind")], &is), one(77));
    let many = Type::union((0..200).map(one));
    assert!(many.members().len() < 100, "{many}");
    assert_eq!(many.field("v77").ty.to_string(), "number | missing");
}

#[test]
fn fields() {
    let ty = closed(vec![s("a", Type::Number), Field::optional("b", Type::STRING)]);
    assert_eq!(ty.field("a").ty, Type::Number);
    assert_eq!(ty.field("b").ty.to_string(), "string | missing");
    assert!(ty.field("c").unknown);
    assert_eq!(ty.join(&Type::Missing).field("a").ty.to_string(), "number | missing");
    assert!(!Type::Missing.field("a").unknown);
    assert!(Type::Number.field("a").unknown);
    // As a dotted path may say, of a text as of an array.
    for text in [Type::STRING, Type::text("bc")] {
        assert_eq!(text.field("1").ty.to_string(), "string | missing");
    }
    let other = closed(vec![s("c", Type::Null)]);
    assert_eq!(ty.join(&other).field("c").ty.to_string(), "missing | null");
    let open = Type::object(vec![s("c", Type::Null)], Rest::Undeclared);
    assert!(open.field("x").unknown);
    // What another alternative has, this one may have as anything.
    assert_eq!(ty.join(&open).field("a").ty, Type::Json);
}

#[test]
fn what_fits_where() {
    assert!(Type::STRING.accepts(&Type::String(Format::Email)));
    assert!(!Type::String(Format::Email).accepts(&Type::STRING));
    assert!(Type::Number.accepts(&Type::Json) && Type::Json.accepts(&Type::Missing));
    assert!(!Type::Number.accepts(&Type::Number.join(&Type::Missing)));
    assert!(Type::union([Type::TRUE, Type::FALSE]).accepts(&Type::Bool));
    let narrow = closed(vec![s("a", Type::Number)]);
    let wide = closed(vec![s("a", Type::Number), Field::optional("b", Type::STRING)]);
    assert!(wide.accepts(&narrow) && !narrow.accepts(&wide));
}

#[test]
fn tests_drop_alternatives() {
    let card = closed(vec![s("kind", Type::text("card")), s("number", Type::STRING)]);
    let bank = closed(vec![s("kind", Type::text("bank")), s("iban", Type::STRING)]);
    let either = card.join(&bank);
    let is_card = Test::Equals { value: Literal::String("card".into()), strict: false };
    assert_eq!(either.clone().assuming(&[field("kind")], &is_card), card);
    let is_not = Test::Differs { value: Literal::String("card".into()), strict: true };
    assert_eq!(either.clone().assuming(&[field("kind")], &is_not), bank);
    assert_eq!(either.clone().assuming(&[field("iban")], &Test::Truthy), bank);
}

#[test]
fn truth_and_presence() {
    let maybe = Type::union([Type::STRING, Type::Missing, Type::Null, Type::Bool]);
    assert_eq!(maybe.passing(&Test::Truthy).to_string(), "string | true");
    assert_eq!(maybe.passing(&Test::Falsy).to_string(), "\"\" | missing | null | false");
    assert_eq!(maybe.passing(&Test::NotNullish).to_string(), "string | bool");
    assert_eq!(Type::Json.passing(&Test::Truthy), Type::Json);
    let optional = closed(vec![Field::optional("a", Type::Number)]);
    let known = optional.clone().assuming(&[field("a")], &Test::Above { than: 0.0, or_equal: false });
    assert_eq!(known.field("a").ty, Type::Number);
}

#[test]
fn lengths_prove_elements() {
    let items = Type::array(Type::STRING, 0);
    let order = closed(vec![s("items", items.clone())]);
    let above = |than| Test::Above { than, or_equal: false };
    let length = [field("items"), field("length")];
    assert_eq!(order.clone().assuming(&length, &above(0.0)).field("items").ty.element(0), Type::STRING);
    assert_eq!(order.clone().assuming(&length, &above(2.0)).field("items").ty.element(2), Type::STRING);
    assert!(order.clone().assuming(&length, &above(0.0)).field("items").ty.element(1).may_be_missing());
    assert_eq!(order.clone().assuming(&length, &Test::Truthy).field("items").ty.element(0), Type::STRING);
    assert!(Type::array(Type::STRING, 1).assuming(&[field("length")], &Test::Falsy).is_never());
}

#[test]
fn equality() {
    assert!(!Type::STRING.can_equal(&Type::Number, true));
    assert!(Type::STRING.can_equal(&Type::Number, false));
    assert!(!Type::Bool.can_equal(&Type::text("true"), false));
    assert!(Type::Bool.can_equal(&Type::text("1"), false));
    assert!(!Type::text("a").can_equal(&Type::text("b"), false));
    assert!(!Type::Missing.can_equal(&Type::FALSE, false));
    assert!(Type::Missing.can_equal(&Type::Null, false));
}
