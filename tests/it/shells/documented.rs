//! The shell lines of the README and of docs, as they stand there.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::type_line;
use crate::support::{Pty, TestEnv, run};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn document(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).unwrap()
}

/// The README and the pages of docs.
fn documents() -> Vec<(String, String)> {
    let mut names = vec!["README.md".to_owned()];
    for entry in fs::read_dir(Path::new(ROOT).join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            names.push(format!("docs/{name}"));
        }
    }
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let text = document(&name);
            (name, text)
        })
        .collect()
}

/// The command lines of `ob` in the indented blocks of a page, without their comments.
fn command_lines(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("    ob "));
    lines
        .map(|line| {
            let line = line.split("  #").next().unwrap().trim();
            format!("ob {line}")
        })
        .collect()
}

#[test]
fn every_documented_line_is_one_that_ob_takes() {
    let env = TestEnv::new();
    // A line that is understood fails at the settings, or does something harmless.
    env.write_settings("nonsense = 1\n");
    let mut count = 0;
    for (name, text) in documents() {
        for line in command_lines(&text) {
            // It stands for any verb.
            if line.contains(" VERB") {
                continue;
            }
            count += 1;
            let typed = line.replacen("ob ", "ob --json ", 1);
            let mut shell = env.command("bash");
            shell.args(["-c", &typed]).env("EDITOR", "true");
            let ended = run(&mut shell, "");
            let is_usage = ended.stderr.contains("\"error\":\"usage.");
            assert!(!is_usage, "{name}: {line}: {}", ended.stderr);
            assert_ne!(ended.code(), Some(127), "{name}: {line}: {}", ended.stderr);
        }
    }
    assert!(count > 50, "only {count} lines were found");
    run(env.ob(["agent", "stop"]).env_remove("OB_CONFIG"), "");
}

/// The rows of the table of start files in docs/shell.md: shell, file, line.
fn start_lines() -> Vec<[String; 3]> {
    let text = document("docs/shell.md");
    let rows = text.lines().filter(|line| line.contains("ob init"));
    let rows = rows.filter_map(|line| line.strip_prefix("| "));
    rows.map(|row| {
        let row = row.replace("\\|", "\u{1}");
        let cells: Vec<String> = row
            .split(" | ")
            .map(|cell| cell.trim_matches(['|', ' ']).replace('\u{1}', "|"))
            .collect();
        [cells[0].clone(), cells[1].clone(), cells[2].clone()]
    })
    .collect()
}

#[test]
fn start_lines_of_the_documents_work_in_a_new_home() {
    let rows = start_lines();
    assert_eq!(rows.len(), 4, "{rows:?}");
    for (env, owner) in [
        (TestEnv::new(), "0"),
        (TestEnv::unprivileged("bob"), "65534"),
    ] {
        for (kind, [shell, file, line]) in super::ALL.into_iter().zip(&rows) {
            assert!(shell.starts_with(kind.name()), "{shell}");
            let words: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
            let furnish = |line: &str| {
                kind.furnish(&env, line);
                let mut owned = Command::new("chown");
                owned.args(["-R", owner]);
                owned.args([env.path("home"), env.path("config")]);
                assert!(owned.status().unwrap().success());
            };
            furnish("");
            // nushell's line reads a file that another line makes.
            for once in words.iter().skip(1).filter(|word| word.contains("ob init")) {
                let mut made = env.command(kind.program());
                made.args(["-c", once]);
                let ended = run(&mut made, "");
                assert_eq!(ended.code(), Some(0), "{once}: {}", ended.stderr);
            }
            assert!(file.contains('`'), "{file}");
            furnish(words[0]);
            let mut command = env.command(kind.program());
            command.arg("-i");
            let mut pty = Pty::spawn(&command);
            pty.until("READY");
            // The function answers: a profile that is not there is an error of `ob use`, not a
            // hint to install the function.
            type_line(kind, &mut pty, "ob use nope");
            let said = pty.until("hint");
            assert!(said.contains("there is no profile nope"), "{shell}: {said}");
            type_line(kind, &mut pty, "exit");
            pty.wait();
        }
    }
}

#[test]
fn lines_that_write_scripts_work_in_a_new_home() {
    let text = document("docs/shell.md");
    let block = text
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with("mkdir") || line.starts_with("ob init"));
    let block: Vec<&str> = block
        .map(|line| line.split("   #").next().unwrap())
        .collect();
    assert!(block.len() >= 2, "{block:?}");
    let direnv: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("For direnv:"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|word| word.starts_with("mkdir") || word.starts_with("ob init"))
        .collect();
    assert_eq!(direnv.len(), 2, "{direnv:?}");
    let (_, completions) = text.split_once("## Completion").unwrap();
    let completions = completions
        .lines()
        .filter(|line| line.starts_with("mkdir") || line.starts_with("ob completions"));
    let completions: Vec<&str> = completions
        .map(|line| line.split("  #").next().unwrap())
        .collect();
    assert!(completions.len() >= 3, "{completions:?}");
    for env in [TestEnv::new(), TestEnv::unprivileged("bob")] {
        for line in block.iter().chain(&direnv).chain(&completions) {
            let ended = run(env.command("bash").args(["-c", line]), "");
            assert_eq!(ended.code(), Some(0), "{line}: {}", ended.stderr);
        }
        for file in [".local/share/ob/ob.bash", ".config/direnv/lib/ob.sh"] {
            let path = env.path("home").join(file);
            assert!(fs::metadata(&path).unwrap().len() > 0, "{file}");
        }
    }
}
