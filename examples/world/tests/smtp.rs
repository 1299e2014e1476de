//! The mail server, seen by lettre and from a bare socket.

use flow_world::{Action, Smtp, SmtpServer, Stage, Tls, World};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as ClientTls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

fn client(world: &World, server: &SmtpServer, tls: Tls, password: &str) -> SmtpTransport {
    let ca = Certificate::from_pem(&std::fs::read(world.ca_file()).unwrap()).unwrap();
    let parameters = TlsParameters::builder("localhost".to_owned()).add_root_certificate(ca).build_rustls().unwrap();
    SmtpTransport::builder_dangerous("localhost")
        .port(server.port())
        .timeout(Some(Duration::from_secs(5)))
        .tls(match tls {
            Tls::Plain => ClientTls::None,
            Tls::StartTls => ClientTls::Required(parameters),
            Tls::Implicit => ClientTls::Wrapper(parameters),
        })
        .credentials(Credentials::new("shop".to_owned(), password.to_owned()))
        .build()
}

fn message() -> Message {
    Message::builder()
        .from("Büro <shop@example.com>".parse::<Mailbox>().unwrap())
        .to("a@example.com".parse().unwrap())
        .cc("b@example.com".parse().unwrap())
        .subject("Größe")
        .multipart(MultiPart::alternative_plain_html(".starts with a dot\n.\nend".to_owned(), "<b>é</b>".to_owned()))
        .unwrap()
}

fn login() -> Smtp {
    Smtp { login: Some(("shop".to_owned(), "secret".to_owned())), ..Smtp::default() }
}

#[test]
fn mails_arrive_over_every_kind_of_tls() {
    for tls in [Tls::StartTls, Tls::Implicit, Tls::Plain] {
        let world = World::start().unwrap();
        let server = world.smtp(Smtp { tls, ..login() }).unwrap();
        let client = client(&world, &server, tls, "secret");
        for _ in 0..2 {
            client.send(&message()).unwrap();
        }
        let mails = world.log().mails();
        assert_eq!(mails.len(), 2, "{tls:?}");
        let mail = &mails[1];
        assert_eq!(mail.connection, 1, "the client kept its connection");
        assert_eq!((mail.from.as_str(), mail.tls, mail.accepted), ("shop@example.com", tls != Tls::Plain, true));
        assert_eq!((mail.to.join(" "), mail.user.as_deref()), ("a@example.com b@example.com".to_owned(), Some("shop")));
        let letter = mail.letter();
        assert_eq!(letter.header("Subject"), Some("Größe"));
        assert_eq!(letter.text("text/plain").map(str::trim_end), Some(".starts with a dot\n.\nend"));
        assert_eq!(letter.text("text/html").map(str::trim_end), Some("<b>é</b>"));
    }
}

#[test]
fn a_wrong_password_is_refused() {
    let world = World::start().unwrap();
    let server = world.smtp(login()).unwrap();
    let error = client(&world, &server, Tls::StartTls, "wrong").send(&message()).unwrap_err();
    assert!(error.is_permanent(), "{error}");
    assert!(world.events().is_empty());
}

#[test]
fn refusals_happen_where_and_as_often_as_the_script_says() {
    let temporary = || Action::Reply("451 4.3.0 later".to_owned());
    for stage in
        [Stage::Connect, Stage::Ehlo, Stage::StartTls, Stage::Auth, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot]
    {
        let world = World::start().unwrap();
        let server = world.smtp(login().refuse_first(1, stage, temporary())).unwrap();
        let send = || client(&world, &server, Tls::StartTls, "secret").send(&message());
        assert!(send().is_err(), "{stage:?}");
        assert_eq!(world.log().counts().mails, usize::from(stage == Stage::Dot), "{stage:?}");
        send().unwrap();
        assert!(world.log().mails().last().unwrap().accepted);
    }
}

#[test]
fn a_mail_whose_answer_is_lost_is_recorded_as_not_accepted() {
    let world = World::start().unwrap();
    let server = world.smtp(login().refuse(Stage::Dot, Action::Drop(true))).unwrap();
    assert!(client(&world, &server, Tls::StartTls, "secret").send(&message()).is_err());
    let mails = world.log().mails();
    assert_eq!((mails.len(), mails[0].accepted), (1, false));
}

#[test]
fn pipelined_commands_and_auth_login_are_answered() {
    let world = World::start().unwrap();
    let server = world.smtp(Smtp { tls: Tls::Plain, ..login() }).unwrap();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let commands = "EHLO me\r\nAUTH LOGIN\r\nc2hvcA==\r\nc2VjcmV0\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n\
        Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n";
    stream.write_all(commands.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let codes: Vec<&str> = answer.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| &line[..3]).collect();
    assert_eq!(codes, ["220", "250", "334", "334", "235", "250", "250", "354", "250", "221"]);
    assert_eq!(world.log().mails()[0].raw, b"Subject: x\r\n\r\n.dot\r\n");
}
