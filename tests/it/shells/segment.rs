//! The prompt's segment beside what people have in their prompts already.
