use super::*;

const SUDO: &str = "[sudo] password for ops: ";

/// Credentials, and the answers that links were given.
#[derive(Default)]
struct Desk {
    credentials: Credentials,
    events: Vec<Event>,
    replies: Vec<(u32, oneshot::Receiver<Secret>)>,
}

impl Desk {
    fn applicant(link: u32) -> Applicant {
        let (target, name) = (TargetId(link), format!("web{link}"));
        Applicant { link, target, name, apart: Some("Sudo".to_owned()), patience: Patience::default() }
    }

    fn ask(&mut self, link: u32, text: &str) {
        self.ask_as(Self::applicant(link), text);
    }

    fn ask_as(&mut self, applicant: Applicant, text: &str) {
        let (reply, answer) = oneshot::channel();
        self.replies.push((applicant.link, answer));
        let asked = Asked { link: applicant.link, text: text.to_owned(), notice: false, reply };
        self.credentials.asked(applicant, asked, &mut self.events);
    }

    /// The question that is shown now.
    fn shown(&self) -> Option<Question> {
        self.events.iter().fold(None, |shown, event| match event {
            Event::Asked(question) => Some(question.clone()),
            Event::Settled(_) => None,
            _ => shown,
        })
    }

    fn answer(&mut self, text: Option<&str>) {
        let question = self.shown().expect("a question").id;
        self.credentials.answered(question, text.map(Secret::from), &mut self.events);
    }

    /// Which links were sent what since this was last asked.
    fn sent(&mut self) -> Vec<(u32, String)> {
        let mut sent = Vec::new();
        self.replies.retain_mut(|(link, reply)| match reply.try_recv() {
            Ok(secret) => {
                sent.push((*link, secret.reveal().to_owned()));
                false
            }
            Err(_) => true,
        });
        sent
    }

    /// Which links wait for nothing any more.
    fn unanswered(&mut self) -> Vec<u32> {
        let gone = |(link, reply): &mut (u32, oneshot::Receiver<Secret>)| {
            matches!(reply.try_recv(), Err(oneshot::error::TryRecvError::Closed)).then_some(*link)
        };
        self.replies.iter_mut().filter_map(gone).collect()
    }
}

#[test]
fn a_password_for_many_is_asked_once_and_tried_on_one_before_the_others() {
    let mut desk = Desk::default();
    (1..=20).for_each(|link| desk.ask(link, SUDO));
    let question = desk.shown().unwrap();
    assert_eq!((question.target, question.others, question.note), (TargetId(1), 0, None));
    desk.answer(Some("right"));
    assert_eq!(desk.sent(), [(1, "right".to_owned())]);
    assert_eq!(desk.shown(), None, "the others wait for what the first one says");
    desk.credentials.taken(1, &mut desk.events);
    assert_eq!(desk.sent().len(), 19);
    desk.ask(21, SUDO);
    assert_eq!(desk.sent(), [(21, "right".to_owned())], "and who comes later is not asked for again");
}

#[test]
fn a_refused_password_is_never_sent_again() {
    let mut desk = Desk::default();
    (1..=20).for_each(|link| desk.ask(link, SUDO));
    desk.answer(Some("wrong"));
    assert_eq!(desk.sent(), [(1, "wrong".to_owned())]);
    desk.ask(1, &format!("Sorry, try again.\n{SUDO}"));
    let question = desk.shown().unwrap();
    assert_eq!(question.note.as_deref(), Some("web1 refused the last answer"));
    assert_eq!(question.others, 19);
    assert_eq!(desk.sent(), []);
    desk.answer(None);
    assert_eq!(desk.sent(), [], "the wrong one went to one host, once");
    assert_eq!(desk.shown(), None);
    assert_eq!(desk.unanswered().len(), 20);
}

#[test]
fn a_host_that_fails_with_an_answer_may_have_refused_it() {
    let mut desk = Desk::default();
    (1..=2).for_each(|link| desk.ask(link, SUDO));
    desk.answer(Some("wrong"));
    desk.credentials.failed(&Desk::applicant(1), &mut desk.events);
    assert_eq!(desk.shown().unwrap().target, TargetId(2));
    assert_eq!(desk.sent(), [(1, "wrong".to_owned())]);
}

#[test]
fn a_host_with_a_password_of_its_own_is_asked_for_alone() {
    let mut desk = Desk::default();
    (1..=3).for_each(|link| desk.ask(link, SUDO));
    desk.answer(Some("common"));
    desk.credentials.taken(1, &mut desk.events);
    assert_eq!(desk.sent().len(), 3);
    desk.ask(2, SUDO);
    let question = desk.shown().unwrap();
    assert_eq!((question.target, question.others), (TargetId(2), 0));
    assert_eq!(question.note.as_deref(), Some("web2 refused the last answer"));
    desk.answer(Some("own"));
    desk.ask(4, SUDO);
    assert_eq!(desk.sent(), [(2, "own".to_owned()), (4, "common".to_owned())]);
}

#[test]
fn codes_and_host_keys_are_asked_for_each_host() {
    let mut desk = Desk::default();
    desk.ask(1, "Verification code: ");
    desk.ask(2, "Verification code: ");
    desk.ask(3, "ED25519 key fingerprint is SHA256:x.\nAre you sure you want to continue connecting (yes/no/[fingerprint])? ");
    desk.answer(Some("111111"));
    desk.credentials.taken(1, &mut desk.events);
    desk.answer(Some("222222"));
    assert_eq!(desk.sent(), [(1, "111111".to_owned()), (2, "222222".to_owned())]);
    assert_eq!(desk.shown().unwrap().wants, Wants::HostKey);
}

#[test]
fn a_link_that_ends_takes_its_question_with_it() {
    let mut desk = Desk::default();
    let patient = Desk::applicant(1);
    desk.ask_as(patient.clone(), SUDO);
    desk.ask(2, SUDO);
    assert!(patient.patience.is_needed());
    desk.credentials.failed(&patient, &mut desk.events);
    assert!(!patient.patience.is_needed());
    assert_eq!(desk.shown().unwrap().target, TargetId(2));
}

#[test]
fn what_a_person_typed_is_not_given_to_links_that_a_host_asked_for() {
    let mut desk = Desk::default();
    desk.ask(1, SUDO);
    desk.answer(Some("secret"));
    desk.credentials.taken(1, &mut desk.events);
    desk.ask_as(Applicant { apart: Some("db1".to_owned()), ..Desk::applicant(2) }, SUDO);
    assert_eq!(desk.sent(), [(1, "secret".to_owned())]);
    assert_eq!(desk.shown().unwrap().target, TargetId(2));
}

#[test]
fn no_host_gets_a_passphrase_by_asking_for_it_in_a_line_of_its_own() {
    let mut desk = Desk::default();
    let ssh = |link| Applicant { apart: None, ..Desk::applicant(link) };
    let question = "Enter passphrase for key '/home/ops/.ssh/id_ed25519': ";
    desk.ask_as(ssh(1), question);
    desk.answer(Some("secret"));
    desk.credentials.taken(1, &mut desk.events);
    desk.ask_as(ssh(2), question);
    desk.ask_as(ssh(3), &format!("(ops@web3) \n{question}"));
    assert_eq!(desk.sent(), [(1, "secret".to_owned()), (2, "secret".to_owned())]);
    assert_eq!(desk.shown().unwrap().target, TargetId(3));
}

#[test]
fn a_question_that_was_given_up_does_not_hold_up_the_next_one_of_the_same_link() {
    let mut desk = Desk::default();
    desk.ask(1, SUDO);
    let first = desk.shown().unwrap().id;
    desk.replies.clear(); // its helper was killed, and the program asks again
    desk.ask(1, SUDO);
    assert_ne!(desk.shown().unwrap().id, first);
    desk.answer(Some("secret"));
    assert_eq!(desk.sent(), [(1, "secret".to_owned())]);
}

#[test]
fn an_answer_that_nobody_took_is_tried_by_the_next() {
    let mut desk = Desk::default();
    let patient = Desk::applicant(1);
    desk.ask_as(patient.clone(), SUDO);
    desk.ask(2, SUDO);
    desk.replies.remove(0);
    desk.answer(Some("secret"));
    assert!(!patient.patience.is_needed());
    assert_eq!(desk.shown().unwrap().target, TargetId(2));
    desk.answer(Some("secret"));
    assert_eq!(desk.sent(), [(2, "secret".to_owned())]);
}
