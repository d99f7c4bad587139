//! The questions to several clients, with short timeouts.

use super::*;

const TIMEOUTS: fn() -> Timeouts = || Timeouts {
    answer: Duration::from_millis(200),
    ask_next_client_after: Duration::from_millis(20),
    ..Timeouts::default()
};

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(test);
}

fn question() -> Ask {
    Ask::Username {
        org: "https://acme.okta.com".to_owned(),
    }
}

#[test]
fn unresponsive_client_lets_the_next_one_answer() {
    run(async {
        let (first, mut to_first, _keep) = Client::new(None, TIMEOUTS());
        let (second, mut to_second, answers) = Client::new(None, TIMEOUTS());
        let waiters = Waiters::of(&first);
        waiters.join(&second);
        let answer = async {
            while !matches!(to_second.recv().await, Some(FromAgent::Ask(_))) {}
            assert_eq!(second.take_pending(), Some(true));
            answers.send(Answer::Username("alice".to_owned())).unwrap();
        };
        let (answered, ()) = tokio::join!(waiters.ask(question()), answer);
        assert!(matches!(answered, Ok(Answer::Username(_))));
        assert!(matches!(to_first.recv().await, Some(FromAgent::Ask(_))));
        let withdrawn = FromAgent::Notice(Notice::NoAnswerWanted { too_late: false });
        let next = to_first.recv().await.unwrap();
        assert_eq!(format!("{next:?}"), format!("{withdrawn:?}"));
        assert_eq!(first.take_pending(), Some(false), "it is discarded");
    });
}

#[test]
fn question_without_an_answer_times_out() {
    run(async {
        let (client, _out, _answers) = Client::new(None, TIMEOUTS());
        let waiters = Waiters::of(&client);
        let outcome = waiters.ask(question()).await;
        assert!(matches!(outcome, Err(Unanswered::TimedOut(_))));
        assert!(waiters.is_closed());
    });
}
