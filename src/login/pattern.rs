//! The regular expressions of an identity map: the part of Go's syntax that maps are written in. What is
//! outside of it is refused, and what would take too long, too.

use std::iter::Peekable;
use std::str::Chars;

/// A pattern that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    from_start: bool,
    to_end: bool,
    steps: Vec<Step>,
    groups: usize,
}

/// A piece of a pattern that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the regular expression cannot be judged: {0}")]
pub struct PatternError(pub &'static str);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    One(Set),
    Optional(Set),
    Any(Set),
    Open,
    Close,
}

/// A set of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set {
    ranges: Vec<(char, char)>,
    negated: bool,
}

impl Set {
    fn of(ranges: &[(char, char)]) -> Self {
        Self { ranges: ranges.into(), negated: false }
    }

    fn contains(&self, c: char) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != self.negated
    }
}

const DIGITS: (char, char) = ('0', '9');
const NOT_UNDERSTOOD: PatternError =
    PatternError("write it with ^ $ . [...] \\d \\w \\s * + ? and one plain group ( ) only");

/// How many steps a pattern may have: each one takes room on the stack.
const LONGEST: usize = 1000;

/// How many characters may be tried: no honest identity needs more, and a certificate can hold any.
const PATIENCE: usize = 1_000_000;

impl Pattern {
    /// Reads what stands behind the slash.
    ///
    /// # Errors
    /// For alternatives, counted and lazy repetitions, groups within groups or repeated, flags and classes by
    /// name.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let (text, from_start) = text.strip_prefix('^').map_or((text, false), |rest| (rest, true));
        let mut chars = text.chars().peekable();
        let (mut steps, mut groups, mut open, mut to_end) = (Vec::new(), 0, false, false);
        while let Some(c) = chars.next() {
            match c {
                '$' if chars.peek().is_none() && !open => to_end = true,
                '(' if !open && chars.peek() != Some(&'?') => {
                    (open, groups) = (true, groups + 1);
                    steps.push(Step::Open);
                }
                ')' if open && !chars.peek().is_some_and(|next| "*+?{".contains(*next)) => {
                    open = false;
                    steps.push(Step::Close);
                }
                '(' | ')' | '|' | '{' | '}' | '*' | '+' | '?' | '^' | '$' | ']' => return Err(NOT_UNDERSTOOD),
                c => repeated(set(c, &mut chars)?, &mut chars, &mut steps)?,
            }
        }
        match open {
            true => Err(NOT_UNDERSTOOD),
            false if steps.len() > LONGEST => Err(PatternError("it is too long")),
            false => Ok(Self { from_start, to_end, steps, groups }),
        }
    }

    /// How many groups it has.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// What the first group holds where the pattern matches: the empty text without a group. None if it does
    /// not match.
    ///
    /// # Errors
    /// If finding out would take too long.
    pub fn first_group(&self, text: &str) -> Result<Option<String>, PatternError> {
        let text: Vec<char> = text.chars().collect();
        let mut search = Search { pattern: self, text: &text, patience: PATIENCE, group: None };
        for start in 0..=if self.from_start { 0 } else { text.len() } {
            if search.matches(0, start, 0)? {
                let (from, to) = search.group.unwrap_or_default();
                return Ok(Some(text[from..to].iter().collect()));
            }
        }
        Ok(None)
    }
}

/// The set that an atom stands for.
fn set(c: char, chars: &mut Peekable<Chars<'_>>) -> Result<Set, PatternError> {
    match c {
        '.' => Ok(Set { ranges: vec![('\n', '\n')], negated: true }),
        '\\' => escaped(chars),
        '[' => class(chars),
        c => Ok(Set::of(&[(c, c)])),
    }
}

fn escaped(chars: &mut Peekable<Chars<'_>>) -> Result<Set, PatternError> {
    match chars.next() {
        Some('d') => Ok(Set::of(&[DIGITS])),
        Some('w') => Ok(Set::of(&[DIGITS, ('A', 'Z'), ('a', 'z'), ('_', '_')])),
        Some('s') => Ok(Set::of(&[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')])),
        Some(c) if c.is_ascii_punctuation() => Ok(Set::of(&[(c, c)])),
        _ => Err(NOT_UNDERSTOOD),
    }
}

fn class(chars: &mut Peekable<Chars<'_>>) -> Result<Set, PatternError> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        match chars.next() {
            Some(']') if !ranges.is_empty() => return Ok(Set { ranges, negated }),
            Some('-') if chars.peek() == Some(&']') => ranges.push(('-', '-')),
            None | Some(']' | '[' | '-') => return Err(NOT_UNDERSTOOD),
            Some('\\') => ranges.extend(escaped(chars)?.ranges),
            Some(first) => ranges.push((first, last_of_range(first, chars)?)),
        }
    }
}

/// Where the range that begins with a character ends: with itself, if no dash and character follow.
fn last_of_range(first: char, chars: &mut Peekable<Chars<'_>>) -> Result<char, PatternError> {
    let mut ahead = chars.clone();
    if ahead.next() != Some('-') || ahead.peek() == Some(&']') {
        return Ok(first);
    }
    chars.next();
    chars.next().filter(|last| *last >= first && !"[]\\".contains(*last)).ok_or(NOT_UNDERSTOOD)
}

/// Adds the steps for a set and the repetition behind it.
fn repeated(set: Set, chars: &mut Peekable<Chars<'_>>, steps: &mut Vec<Step>) -> Result<(), PatternError> {
    match chars.next_if(|c| "*+?{".contains(*c)) {
        None => {
            steps.push(Step::One(set));
            return Ok(());
        }
        Some('*') => steps.push(Step::Any(set)),
        Some('+') => steps.extend([Step::One(set.clone()), Step::Any(set)]),
        Some('?') => steps.push(Step::Optional(set)),
        Some(_) => return Err(NOT_UNDERSTOOD),
    }
    if chars.peek().is_some_and(|c| "*+?{".contains(*c)) { Err(NOT_UNDERSTOOD) } else { Ok(()) }
}

struct Search<'a> {
    pattern: &'a Pattern,
    text: &'a [char],
    patience: usize,
    /// From where to where the first group reaches.
    group: Option<(usize, usize)>,
}

impl Search<'_> {
    fn spend(&mut self, characters: usize) -> Result<(), PatternError> {
        let left = self.patience.checked_sub(characters);
        self.patience = left.ok_or(PatternError("it takes too long for this certificate"))?;
        Ok(())
    }

    /// Does the rest of the pattern match here? As much as possible is taken first, as Go does it.
    fn matches(&mut self, step: usize, at: usize, opened: usize) -> Result<bool, PatternError> {
        self.spend(1)?;
        let pattern = self.pattern;
        let fits = |set: &Set, at: usize| self.text.get(at).is_some_and(|c| set.contains(*c));
        match pattern.steps.get(step) {
            None => Ok(!pattern.to_end || at == self.text.len()),
            Some(Step::One(set)) => Ok(fits(set, at) && self.matches(step + 1, at + 1, opened)?),
            Some(Step::Optional(set)) => Ok(fits(set, at) && self.matches(step + 1, at + 1, opened)?
                || self.matches(step + 1, at, opened)?),
            Some(Step::Any(set)) => {
                let most = self.text[at..].iter().take_while(|c| set.contains(**c)).count();
                self.spend(most)?;
                for taken in (0..=most).rev() {
                    if self.matches(step + 1, at + taken, opened)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Some(Step::Open) => self.matches(step + 1, at, at),
            Some(Step::Close) => {
                let rest = self.matches(step + 1, at, opened)?;
                // Groups close from the last to the first on the way back.
                if rest {
                    self.group = Some((opened, at));
                }
                Ok(rest)
            }
        }
    }
}
