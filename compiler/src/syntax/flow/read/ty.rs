//! Types: `{ sku: string, tags?: [string] }`, `"card" | "invoice"`.

use super::{Reader, through, word};
use crate::syntax::flow::mistake::{self, Mistake};
use crate::syntax::flow::text;
use crate::syntax::flow::token::{Rule, Token};
use crate::syntax::flow::tree::{Field, Key, Ty, TyKind, Word};

impl Reader<'_> {
    pub(super) fn ty(&mut self) -> Result<Ty, Mistake> {
        self.nest()?;
        let start = self.peek().span;
        self.take(Rule::pipe);
        let first = self.single_ty()?;
        let ty = if self.is(Rule::pipe) {
            let mut members = vec![first];
            while self.take(Rule::pipe).is_some() {
                members.push(self.single_ty()?);
            }
            Ty { span: through(start, self.last()), kind: TyKind::Union(members) }
        } else {
            first
        };
        let token = self.peek();
        if token.lines == 0 && matches!(token.rule, Rule::or | Rule::less | Rule::open_bracket) {
            return Err(mistake::foreign_type(token, self.last()));
        }
        self.depth -= 1;
        Ok(ty)
    }

    fn single_ty(&mut self) -> Result<Ty, Mistake> {
        let token = self.peek();
        let kind = match token.rule {
            // The next field: this one has no type.
            Rule::name if self.first_on_line(self.at) && self.peek_after(1).rule == Rule::colon => {
                return Err(mistake::expected_type(token, self.last()));
            }
            Rule::name => TyKind::Name(word(self.next())),
            Rule::string => TyKind::Literal(text::decode(&self.next())?),
            Rule::open_bracket => {
                self.next();
                let items = self.ty()?;
                let why = match self.is(Rule::comma) {
                    true => "alternatives are written `\"card\" | \"invoice\"`",
                    false => "an array of strings is written `[string]`",
                };
                self.expect(Rule::close_bracket, "`]`", why)?;
                TyKind::Array(Box::new(items))
            }
            Rule::open_brace => {
                self.next();
                self.fields(token)?
            }
            _ => return Err(mistake::expected_type(token, self.last())),
        };
        Ok(Ty { span: through(token.span, self.last()), kind })
    }

    fn fields(&mut self, open: Token) -> Result<TyKind, Mistake> {
        let mut fields = Vec::new();
        loop {
            if self.is(Rule::close_brace) {
                let end = self.comments_here();
                self.next();
                return Ok(TyKind::Object(fields, end));
            }
            if self.is(Rule::EOI) || self.first_on_line(self.at) && self.peek().column == 0 {
                return Err(mistake::unclosed(open, self.peek()));
            }
            let mut around = self.around();
            let key = self.field_key()?;
            let mut optional = self.take(Rule::question).is_some();
            self.expect(
                Rule::colon,
                "`:`",
                "a field is written `name: type`, or `name?: type` where it may be missing",
            )?;
            let ty = self.ty()?;
            optional |= self.take(Rule::question).is_some();
            let mut marks: Vec<Word> = Vec::new();
            while self.take(Rule::at).is_some() {
                marks.push(self.name("`personal` or `sensitive`", "a mark says who may see the field")?);
            }
            let comma = self.take(Rule::comma).is_some();
            self.finish_around(&mut around);
            fields.push(Field { around, key, optional, ty, marks });
            if !comma && !self.is(Rule::close_brace) && !self.first_on_line(self.at) {
                return Err(mistake::between_fields(self.peek(), self.last()));
            }
        }
    }

    fn field_key(&mut self) -> Result<Key, Mistake> {
        let token = self.peek();
        match token.rule {
            Rule::question => Err(mistake::question_in_front(token, self.peek_after(1))),
            Rule::string => {
                self.next();
                Ok(Key { text: text::decode(&token)?.text, quoted: true })
            }
            _ => {
                let name = self.name("the name of a field", "a field is written `name: type`")?;
                Ok(Key { text: super::text_of(&name), quoted: false })
            }
        }
    }
}
