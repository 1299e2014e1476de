//! The `send_email` node.

use super::*;
use crate::flow::Email;
use crate::render::{Message, Relay, Rendered, Security, To};
use flow_world::{Action, Refusal, Smtp, SmtpServer, Stage, Tls};

const fn email(use_tls: bool, at_most_once: bool) -> Node {
    let relay = if use_tls { relay } else { plain_relay };
    node(Kind::Email(Email { relay, message, at_most_once }))
}

static SECURE: Node = email(true, false);
static PLAIN: Node = email(false, false);
static PLAIN_ONCE: Node = email(false, true);

/// Server, port, user name, password.
fn relay(scope: &Scope, relay: &mut Relay) -> Rendered {
    relay.server().env(scope.env(0));
    relay.port().env(scope.env(1));
    relay.username().env(scope.env(2));
    relay.password().env(scope.env(3));
    Ok(())
}

fn plain_relay(scope: &Scope, relay: &mut Relay) -> Rendered {
    relay.use_tls(false);
    self::relay(scope, relay)
}

fn message(_: &Scope, message: &mut Message) -> Rendered {
    message.from_email().literal("shop@example.com");
    message.from_name().literal("The Shop");
    message.recipient(To::To).literal("ann@example.com");
    message.recipient(To::Bcc).literal("audit@example.com");
    message.subject().literal("Order #17");
    message.body().literal("Thank you.\n.\nBye");
    Ok(())
}

fn environment(server: &SmtpServer, login: bool) -> Vec<String> {
    let (username, password) = if login { ("user", "pass") } else { ("", "") };
    ["127.0.0.1", &server.port().to_string(), username, password].map(str::to_owned).to_vec()
}

fn smtp(tls: Tls) -> Smtp {
    Smtp { tls, ..Smtp::default() }
}

/// One attempt of a plain node at a server that behaves like this.
async fn plain(world: &World, node: &'static Node, smtp: Smtp, timeout: Duration) -> Attempt {
    let server = world.smtp(Smtp { tls: Tls::Plain, ..smtp }).unwrap();
    let services = services(world);
    let prepared = prepare(&services, node, &environment(&server, false)).unwrap();
    services.attempt(&prepared, timeout).await
}

fn reply(text: &str) -> Action {
    Action::Reply(text.to_owned())
}

#[tokio::test]
async fn mails_share_a_connection_that_is_secured_and_logged_in() {
    let world = World::start().unwrap();
    let login = Some(("user".to_owned(), "pass".to_owned()));
    let server = world.smtp(Smtp { login, ..smtp(Tls::StartTls) }).unwrap();
    let services = services(&world);
    let prepared = prepare(&services, &SECURE, &environment(&server, true)).unwrap();
    let id = attempt_key("exec-1", "node").simple().to_string();
    let expected = format!(r#"{{"message_id":"<{id}@example.com>","accepted":2,"delivery":"sent","success":true}}"#);
    for _ in 0..3 {
        assert_eq!(services.attempt(&prepared, LONG).await, Attempt::succeeded(expected.clone()));
    }
    let mails = world.log().mails();
    assert_eq!(mails.len(), 3);
    for mail in &mails {
        assert!(mail.tls && mail.accepted && mail.connection == 1);
        assert_eq!(mail.user.as_deref(), Some("user"));
        assert_eq!(mail.raw, mails[0].raw);
    }
    assert_eq!(
        (mails[0].from.as_str(), mails[0].to.as_slice()),
        ("shop@example.com", ["ann@example.com", "audit@example.com"].map(str::to_owned).as_slice())
    );
    let letter = mails[0].letter();
    assert_eq!(letter.header("from"), Some("\"The Shop\" <shop@example.com>"));
    assert_eq!(letter.header("to"), Some("ann@example.com"));
    assert_eq!(letter.header("bcc"), None);
    assert_eq!(letter.header("subject"), Some("Order #17"));
    assert_eq!(letter.header("message-id"), Some(format!("<{id}@example.com>").as_str()));
    assert_eq!(
        letter.text("text/plain").map(|text| text.replace("\r\n", "\n").trim_end().to_owned()).as_deref(),
        Some("Thank you.\n.\nBye")
    );
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let world = World::start().unwrap();
    let server = world.smtp(smtp(Tls::Implicit)).unwrap();
    let services = services(&world);
    let mut prepared = prepare(&services, &SECURE, &environment(&server, false)).unwrap();
    // Port 465 is not ours to bind.
    if let Prepared::Email(mail) = &mut prepared {
        mail.secure(Security::Implicit);
    }
    assert_eq!(code(&services.attempt(&prepared, LONG).await), (Outcome::Succeeded, ""));
    assert!(world.log().mails()[0].tls);
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_when_tls_is_wanted() {
    let world = World::start().unwrap();
    let server = world.smtp(smtp(Tls::Plain)).unwrap();
    let services = services(&world);
    let prepared = prepare(&services, &SECURE, &environment(&server, true)).unwrap();
    let attempt = services.attempt(&prepared, LONG).await;
    assert_eq!(code(&attempt), (Outcome::Failed, "TLS_ERROR"));
    assert_eq!(attempt.error.unwrap().message, "the mail server does not offer STARTTLS");
    assert!(world.events().is_empty());

    let stranger = World::start().unwrap();
    let server = stranger.smtp(smtp(Tls::StartTls)).unwrap();
    let prepared = prepare(&services, &SECURE, &environment(&server, true)).unwrap();
    assert_eq!(code(&services.attempt(&prepared, LONG).await), (RETRYABLE, "TLS_ERROR"));
    assert!(stranger.events().is_empty());
}

#[tokio::test]
async fn a_wrong_password_is_final_and_stays_unsaid() {
    let world = World::start().unwrap();
    let login = Some(("user".to_owned(), "another".to_owned()));
    let server = world.smtp(Smtp { login, ..smtp(Tls::StartTls) }).unwrap();
    let services = services(&world);
    let prepared = prepare(&services, &SECURE, &environment(&server, true)).unwrap();
    let attempt = services.attempt(&prepared, LONG).await;
    assert_eq!(code(&attempt), (Outcome::Failed, "SMTP_AUTH"));
    let message = attempt.error.unwrap().message;
    assert!(message.contains("did not accept the login") && !message.contains("user"), "{message}");
}

#[tokio::test]
async fn one_refused_recipient_and_nothing_is_sent() {
    let world = World::start().unwrap();
    let only = |action| Refusal { stage: Stage::Rcpt, action, times: Some(1), only: Some("audit@".to_owned()) };
    let refusals = vec![only(reply("550 5.1.1 no such user")), only(reply("450 4.2.1 mailbox busy"))];
    let server = world.smtp(Smtp { refusals, ..smtp(Tls::Plain) }).unwrap();
    let services = services(&world);
    let prepared = prepare(&services, &PLAIN, &environment(&server, false)).unwrap();
    let first = services.attempt(&prepared, LONG).await;
    assert_eq!(code(&first), (Outcome::Failed, "SMTP_550"));
    assert_eq!(first.error.unwrap().message, "the mail server answered 550: 5.1.1 no such user");
    assert_eq!(code(&services.attempt(&prepared, LONG).await), (RETRYABLE, "SMTP_450"));
    assert!(world.events().is_empty());
    // The connection is as good as new.
    assert_eq!(code(&services.attempt(&prepared, LONG).await), (Outcome::Succeeded, ""));
    assert_eq!(world.log().mails()[0].connection, 1);
}

#[tokio::test]
async fn refusals_at_every_stage_have_their_code() {
    for (stage, text, expected) in [
        (Stage::Connect, "554 5.7.1 go away", (Outcome::Failed, "SMTP_554")),
        (Stage::Connect, "421 4.3.2 too busy", (RETRYABLE, "SMTP_421")),
        (Stage::Ehlo, "550 no", (Outcome::Failed, "SMTP_550")),
        (Stage::Mail, "451 4.3.0 later", (RETRYABLE, "SMTP_451")),
        (Stage::Data, "554 5.7.1 no", (Outcome::Failed, "SMTP_554")),
        (Stage::Dot, "552 5.2.2 full", (Outcome::Failed, "SMTP_552")),
        (Stage::Dot, "451 4.3.0 later", (RETRYABLE, "SMTP_451")),
    ] {
        let world = World::start().unwrap();
        // A refusal is an answer: at most once does not change it.
        let attempt = plain(&world, &PLAIN_ONCE, Smtp::default().refuse(stage, reply(text)), LONG).await;
        assert_eq!(code(&attempt), expected, "{stage:?} {text}");
        assert_eq!(field(&attempt, "success"), "false");
    }
}

#[tokio::test]
async fn a_lost_answer_to_the_final_dot() {
    for (action, timeout, expected) in
        [(Action::Drop(true), LONG, "CONNECTION_CLOSED"), (Action::Silence(true), Duration::from_secs(1), "TIMEOUT")]
    {
        let world = World::start().unwrap();
        let smtp = Smtp::default().refuse(Stage::Dot, action.clone());
        assert_eq!(code(&plain(&world, &PLAIN, smtp.clone(), timeout).await), (RETRYABLE, expected));
        let once = plain(&world, &PLAIN_ONCE, smtp, timeout).await;
        assert_eq!(code(&once), (Outcome::Succeeded, ""));
        assert_eq!(field(&once, "delivery"), "\"unknown\"");

        let smtp = Smtp::default().refuse(Stage::Data, action);
        assert_eq!(code(&plain(&world, &PLAIN_ONCE, smtp, timeout).await), (RETRYABLE, expected));
    }
}

#[tokio::test]
async fn a_reply_says_nothing_of_the_login() {
    // AUTH PLAIN's token, the password by itself and the user by itself; and one more password where a message is cut.
    for said in ["AHVzZXIAcGFzcw== cGFzcw== dXNlcg== pass".to_owned(), format!("{}pass", "x".repeat(498))] {
        let world = World::start().unwrap();
        let smtp = smtp(Tls::StartTls).refuse(Stage::Rcpt, reply(&format!("550 {said}")));
        let server = world.smtp(smtp).unwrap();
        let services = services(&world);
        let prepared = prepare(&services, &SECURE, &environment(&server, true)).unwrap();
        let error = services.attempt(&prepared, LONG).await.error.unwrap();
        assert_eq!(error.code, "SMTP_550");
        let expected = if said.len() < 100 { ": *** *** *** ***" } else { "xx**…" };
        assert!(error.message.ends_with(expected), "{}", error.message);
    }
}

#[tokio::test]
async fn a_server_that_does_not_ask_for_the_letter_takes_none() {
    for (stage, text) in [(Stage::Data, "250 ok"), (Stage::Mail, "354 go"), (Stage::Rcpt, "354 go")] {
        for extensions in [vec!["PIPELINING".to_owned()], vec![]] {
            let world = World::start().unwrap();
            let smtp = Smtp { extensions, ..Smtp::default() }.refuse(stage, reply(text));
            assert_eq!(code(&plain(&world, &PLAIN_ONCE, smtp, LONG).await), (RETRYABLE, "BAD_ANSWER"), "{stage:?}");
            assert!(world.events().is_empty());
        }
    }
}

#[tokio::test]
async fn a_reply_without_an_end_is_no_answer() {
    const STAGES: [Stage; 8] =
        [Stage::Connect, Stage::Ehlo, Stage::StartTls, Stage::Auth, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot];
    for tls in [Tls::Plain, Tls::StartTls] {
        for stage in STAGES.into_iter().filter(|stage| tls != Tls::Plain || *stage != Stage::StartTls) {
            // A line without an end, and lines without a last one.
            for text in ["250 x", "250-x\r\n"] {
                let world = World::start().unwrap();
                let server = world.smtp(smtp(tls).refuse(stage, Action::Endless(text.to_owned()))).unwrap();
                let services = services(&world);
                let node = if tls == Tls::Plain { &PLAIN } else { &SECURE };
                let prepared = prepare(&services, node, &environment(&server, true)).unwrap();
                let attempt = services.attempt(&prepared, Duration::from_secs(5)).await;
                let error = attempt.error.unwrap();
                let expected = NodeError::new("BAD_ANSWER", "the mail server's answer is not SMTP");
                assert_eq!(error, expected, "{tls:?} {stage:?} {text:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_went_stale_is_replaced_once() {
    for action in [Action::Drop(true), reply("421 4.4.2 idle too long")] {
        let world = World::start().unwrap();
        let server = world.smtp(smtp(Tls::Plain)).unwrap();
        let services = services(&world);
        let prepared = prepare(&services, &PLAIN, &environment(&server, false)).unwrap();
        assert_eq!(code(&services.attempt(&prepared, LONG).await), (Outcome::Succeeded, ""));
        server.play(smtp(Tls::Plain).refuse_first(1, Stage::Mail, action.clone()));
        assert_eq!(code(&services.attempt(&prepared, LONG).await), (Outcome::Succeeded, ""));
        let connections: Vec<usize> = world.log().mails().iter().map(|mail| mail.connection).collect();
        assert_eq!(connections, [1, 2]);

        server.play(smtp(Tls::Plain).refuse(Stage::Mail, action));
        assert_eq!(services.attempt(&prepared, LONG).await.outcome, RETRYABLE);
    }
}

#[tokio::test]
async fn a_refused_connection_is_retryable() {
    let world = World::start().unwrap();
    let refused = world.refused().unwrap();
    let services = services(&world);
    let port = refused.address().port().to_string();
    let prepared = prepare(&services, &SECURE, &["127.0.0.1".to_owned(), port, String::new(), String::new()]).unwrap();
    assert_eq!(code(&services.attempt(&prepared, LONG).await), (RETRYABLE, "CONNECTION_REFUSED"));
}

#[tokio::test]
async fn many_mails_at_once_share_few_connections() {
    let world = World::start().unwrap();
    let server = world.smtp(smtp(Tls::Plain)).unwrap();
    let services = services(&world);
    let prepared = prepare(&services, &PLAIN, &environment(&server, false)).unwrap();
    let mut attempts: Vec<_> = (0..100).map(|_| Box::pin(services.attempt(&prepared, LONG))).collect();
    // All of them at once, in one task.
    std::future::poll_fn(|context| {
        attempts.retain_mut(|attempt| match attempt.as_mut().poll(context) {
            std::task::Poll::Ready(attempt) => {
                assert_eq!(code(&attempt), (Outcome::Succeeded, ""));
                false
            }
            std::task::Poll::Pending => true,
        });
        if attempts.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    let mails = world.log().mails();
    assert_eq!(mails.len(), 100);
    assert!(mails.iter().all(|mail| mail.connection <= 32));
}
