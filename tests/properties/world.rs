//! A client, the cache, an origin and the model, side by side.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use support::model::{Asked, Given, Kind, Model, Moment, Replied};
use support::{Clock, Later, Origin, OriginBody, OriginError, Task};
use tower::{Layer, Service};
use tower_client_cache::{
    CacheBody, CacheHandle, CacheLayer, CacheStatus, Mode, ModeGuard, Verdict,
};

use super::asks::{Ask, URIS};
use super::plan::{Doings, Plan, seconds};
use super::steps::{Read, Step};

type Answering =
    Pin<Box<dyn Future<Output = Result<Response<CacheBody<OriginBody>>, OriginError>>>>;
type Outcome = Result<(), String>;

/// Everything that takes part.
pub(crate) struct World {
    kind: Kind,
    pub(crate) clock: Clock,
    pub(crate) handle: CacheHandle,
    pub(crate) model: Model,
    call: Box<dyn Fn(Request<Empty<Bytes>>) -> Answering>,
    later: Later,
    tasks: Vec<(Task, Moment)>,
    doings: Arc<Mutex<Doings>>,
    /// How much of what the origin has sent the model was told.
    told: usize,
    open: Vec<Open>,
    pauses: Vec<ModeGuard>,
    /// What the cache says it has done.
    trail: Vec<String>,
    /// What the callers got, for comparison with another world.
    pub(crate) got: Vec<Got>,
}

/// What a caller got.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Got {
    pub(crate) is_hit: bool,
    /// It came from the store, and the origin has not said that it may.
    pub(crate) is_reused: bool,
    pub(crate) status: Option<StatusCode>,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Option<Bytes>,
}

/// Something under way.
enum Open {
    Head(Box<Waiting>),
    Body(Reading),
    Task(Task, usize),
}

/// A caller that waits for a head.
struct Waiting {
    asked: Asked,
    answering: Answering,
    number: usize,
    read: Read,
}

/// A body that somebody reads.
struct Reading {
    body: Pin<Box<CacheBody<OriginBody>>>,
    had: Vec<u8>,
    /// The exchange that it is of; none where it is stored.
    number: Option<usize>,
    /// Any of these.
    expected: Vec<Bytes>,
    is_cut: bool,
}

impl World {
    pub(crate) fn new(kind: Kind, can_ask_twice: bool) -> Self {
        Self::with(kind, can_ask_twice, |layer| layer)
    }

    /// One with settings of its own.
    pub(crate) fn with(
        kind: Kind,
        can_ask_twice: bool,
        set: impl FnOnce(CacheLayer<Later>) -> CacheLayer<Later>,
    ) -> Self {
        let later = Later::default();
        let layer = match kind {
            Kind::Private => CacheLayer::background(later.clone()),
            Kind::Shared => CacheLayer::shared_background(later.clone()),
        };
        // What is read on has tests of its own.
        let layer = set(layer.finish_abandoned(0));
        Self::through(kind, later, layer, can_ask_twice)
    }

    /// One whose cache may lack the room for what it should have.
    pub(crate) fn small(kind: Kind, octets: usize) -> Self {
        let mut world = Self::with(kind, false, |layer| layer.capacity(octets));
        world.model = world.model.forgetful();
        world
    }

    fn through(kind: Kind, later: Later, layer: CacheLayer<Later>, can_ask_twice: bool) -> Self {
        let clock = Clock::default();
        let origin = Origin::new(clock.clone());
        let doings = Arc::new(Mutex::new(Doings {
            next: Plan::default(),
            sent: Vec::new(),
        }));
        let (planned, told) = (doings.clone(), clock.clone());
        origin.answers(move |seen| Doings::answer(&planned, &told, seen));
        let layer = layer.clock(clock.clone());
        let handle = layer.handle();
        let call: Box<dyn Fn(Request<Empty<Bytes>>) -> Answering> = if can_ask_twice {
            let client = layer.default_request_body().layer(origin);
            Box::new(move |request| Box::pin(client.clone().call(request)))
        } else {
            let client = layer.layer(origin);
            Box::new(move |request| Box::pin(client.clone().call(request)))
        };
        Self {
            kind,
            clock,
            handle,
            model: Model::new(kind).asking_twice(can_ask_twice),
            call,
            later,
            tasks: Vec::new(),
            doings,
            told: 0,
            open: Vec::new(),
            pauses: Vec::new(),
            trail: Vec::new(),
            got: Vec::new(),
        }
    }

    /// Takes all steps, and then sees to it that nothing is left after a clear.
    pub(crate) fn live(&mut self, steps: &[Step]) -> Outcome {
        for (at, step) in steps.iter().enumerate() {
            let taken = self.take(step).and_then(|()| self.weigh());
            taken.map_err(|why| format!("step {at}: {why}\n{}", self.trail.join("\n")))?;
        }
        self.end()
    }

    fn now(&self) -> u64 {
        seconds(&self.clock)
    }

    fn take(&mut self, step: &Step) -> Outcome {
        let taken = self.perform(step);
        // What was to be asked and was not is not held back for the next.
        self.doings.lock().expect("no panic").next.is_held = false;
        taken
    }

    fn perform(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Ask(exchange) => {
                let (ask, plan, read) = &**exchange;
                self.doings.lock().expect("no panic").next = plan.clone();
                return self.ask(ask, *read);
            }
            Step::Wait(seconds) => self.clock.advance(*seconds),
            Step::SetBack(seconds) => self.clock.set_back(*seconds),
            Step::Clear => {
                self.handle.clear();
                self.model.clear();
            }
            Step::Purge(uri) => {
                let uri = Uri::from_static(uri);
                self.handle.purge(&uri);
                self.model.purge(&uri);
            }
            Step::Disable => {
                self.handle.disable();
                self.model.disable();
            }
            Step::ReadOnly => {
                self.handle.set_mode(Mode::ReadOnly);
                self.model.read_only();
            }
            Step::DisableAndClear => {
                self.handle.disable_and_clear();
                self.model.disable();
                self.model.clear();
            }
            Step::Enable => {
                self.handle.enable();
                self.model.enable();
            }
            Step::Pause => {
                self.pauses.push(self.handle.pause());
                self.model.pause();
            }
            Step::Resume => {
                if self.pauses.pop().is_some() {
                    self.model.resume();
                }
            }
            Step::Room(octets) => self.handle.set_capacity(*octets),
            Step::GoOn(which, read) => return self.go_on(*which, *read),
            Step::GiveUp(which) => {
                if !self.open.is_empty() {
                    let open = self.open.remove(which % self.open.len());
                    self.give_up(open);
                }
            }
            Step::Work(which, plan) => return self.work(*which, plan),
        }
        Ok(())
    }

    fn ask(&mut self, ask: &Ask, read: Read) -> Outcome {
        let request = ask.request::<Bytes>(&self.clock);
        let asked = Asked::new(self.kind, &request);
        let answers = self.model.asked(&asked, self.now());
        let before = self.doings.lock().expect("no panic").sent.len();
        let explanation = self.handle.explain(&request);
        let mut answering = (self.call)(request);
        let polled = poll(answering.as_mut());
        let is_forwarded = self.doings.lock().expect("no panic").sent.len() > before;
        let answered = match &polled {
            Poll::Ready(Ok(response)) => Some(status(response)),
            Poll::Ready(Err(_)) | Poll::Pending => None,
        };
        if !is_as_explained(explanation.verdict(), is_forwarded, answered) {
            return Err(format!(
                "{answered:?}, and it was explained so: {explanation}"
            ));
        }
        if is_forwarded {
            if !answers.may_forward {
                return Err(format!(
                    "the origin was asked, and should not have been: {}",
                    list(&answers.reuse)
                ));
            }
            let waiting = Waiting {
                asked,
                answering,
                number: before,
                read,
            };
            return self.forwarded(waiting, polled);
        }
        let Poll::Ready(Ok(response)) = polled else {
            return Err("neither an answer nor a question to the origin".to_owned());
        };
        let status = status(&response);
        self.trail.push(status.to_string());
        if status.is_hit() {
            let moment = self.model.moment();
            let begun = self.later.take().into_iter();
            self.tasks.extend(begun.map(|task| (task, moment)));
            if answers.reuse.is_empty() {
                return Err(format!(
                    "a hit against {:?}: {status}, {response:?}",
                    answers.reason
                ));
            }
            return self.answer(response, None, &answers.reuse, read);
        }
        if !answers.may_time_out || response.status() != StatusCode::GATEWAY_TIMEOUT {
            return Err(format!(
                "504 made by the cache, instead of {}",
                list(&answers.reuse)
            ));
        }
        Ok(())
    }

    /// The origin was asked, if only for the first time; perhaps the answer is there.
    fn forwarded(
        &mut self,
        waiting: Waiting,
        polled: Poll<Result<Response<CacheBody<OriginBody>>, OriginError>>,
    ) -> Outcome {
        self.tell(&waiting.asked)?;
        match polled {
            Poll::Ready(result) => self.came(waiting, result),
            Poll::Pending => {
                self.open.push(Open::Head(Box::new(waiting)));
                Ok(())
            }
        }
    }

    /// A head is there, perhaps of a second question.
    fn came(
        &mut self,
        mut waiting: Waiting,
        result: Result<Response<CacheBody<OriginBody>>, OriginError>,
    ) -> Outcome {
        let again = {
            let doings = self.doings.lock().expect("no panic");
            doings.sent.get(self.told).map(|sent| sent.asked_at)
        };
        let (mut given, mut may_store) = self.heard(waiting.number, again.unwrap_or(self.now()));
        if again.is_some() {
            if !given.iter().any(|given| matches!(given, Given::Again)) {
                return Err(format!("asked again, instead of {}", list(&given)));
            }
            waiting.number = self.told;
            self.tell_again(&waiting.asked)?;
            (given, may_store) = self.heard(waiting.number, self.now());
        }
        self.delivered(&waiting, result, &given, may_store)
    }

    /// Tells the model what the origin was asked.
    fn tell(&mut self, asked: &Asked) -> Outcome {
        let doings = self.doings.lock().expect("no panic");
        let number = self.told;
        self.told = number + 1;
        let sent = &doings.sent[number];
        self.model
            .forwarded(number, asked, &sent.seen.headers, sent.asked_at)
    }

    fn tell_again(&mut self, asked: &Asked) -> Outcome {
        let doings = self.doings.lock().expect("no panic");
        let number = self.told;
        self.told = number + 1;
        let sent = &doings.sent[number];
        self.model
            .forwarded_again(number, asked, &sent.seen.headers, sent.asked_at)
    }

    /// Tells the model what the origin has answered.
    fn heard(&mut self, number: usize, now: u64) -> (Vec<Given>, bool) {
        let doings = self.doings.lock().expect("no panic");
        match &doings.sent[number].head {
            Some((status, headers)) => {
                let replied = Replied {
                    status: *status,
                    headers: headers.clone(),
                };
                let heads = self.model.replied(number, &replied, now);
                (heads.given, heads.may_store)
            }
            None => (self.model.failed(number, now), false),
        }
    }

    fn delivered(
        &mut self,
        waiting: &Waiting,
        result: Result<Response<CacheBody<OriginBody>>, OriginError>,
        given: &[Given],
        may_store: bool,
    ) -> Outcome {
        let response = match result {
            Ok(response) => response,
            Err(_) if given.iter().any(|given| matches!(given, Given::Error)) => {
                self.got.push(Got::error());
                return Ok(());
            }
            Err(error) => return Err(format!("{error}, instead of {}", list(given))),
        };
        let status = status(&response);
        {
            let doings = self.doings.lock().expect("no panic");
            let seen = &doings.sent[waiting.number].seen;
            let tags = seen.field("if-none-match").unwrap_or_default();
            let since = seen.field("if-modified-since").unwrap_or_default();
            self.trail
                .push(format!("{}: {status} [{tags}] [{since}]", waiting.number));
        }
        if status.is_stored() && !may_store {
            return Err(format!("it should not be stored: {status}"));
        }
        self.answer(response, Some(waiting.number), given, waiting.read)
    }

    /// A caller has a head: it has to be one of those that are allowed.
    fn answer(
        &mut self,
        response: Response<CacheBody<OriginBody>>,
        number: Option<usize>,
        given: &[Given],
        read: Read,
    ) -> Outcome {
        let (parts, body) = response.into_parts();
        let is_hit = parts.extensions.get().is_some_and(CacheStatus::is_hit);
        let doings = self.doings.lock().expect("no panic");
        let sent = number.map(|number| &doings.sent[number]);
        let head = sent.and_then(|sent| sent.head.as_ref());
        let head = head.map(|(status, headers)| (*status, headers));
        let mut differences = Vec::new();
        let fits = given.iter().filter(|given| {
            let compared = given.compare(head, parts.status, &parts.headers);
            compared
                .map_err(|why| differences.push(format!("{given}: {why}")))
                .is_ok()
        });
        let fits: Vec<_> = fits.collect();
        let [fit, ..] = fits[..] else {
            return Err(format!(
                "{} {:?} is not allowed: {differences:?}",
                parts.status, parts.headers
            ));
        };
        let mut reading = match (fit, sent) {
            (Given::AsSent, Some(sent)) => Reading {
                body: Box::pin(body),
                had: Vec::new(),
                number,
                expected: vec![sent.body.clone()],
                is_cut: sent.is_cut,
            },
            _ => Reading {
                body: Box::pin(body),
                had: Vec::new(),
                number: None,
                expected: fits.iter().map(|fit| fit.body()).collect(),
                is_cut: false,
            },
        };
        let is_validated = head.is_some_and(|(status, _)| status == StatusCode::NOT_MODIFIED);
        let is_reused = matches!(fit, Given::Stored(_)) && !is_validated;
        drop(doings);
        self.got.push(Got {
            is_hit,
            is_reused,
            status: Some(parts.status),
            fields: parts.headers,
            body: (!reading.is_cut).then(|| reading.expected[0].clone()),
        });
        // There is nothing to read: it has ended with its head.
        if let (Some(number), true) = (reading.number, reading.body.is_end_stream()) {
            self.model.ended(number, &reading.expected[0], true);
            reading.number = None;
        }
        self.read(reading, read)
    }

    fn read(&mut self, mut reading: Reading, read: Read) -> Outcome {
        match read {
            Read::Later => {
                self.open.push(Open::Body(reading));
                return Ok(());
            }
            Read::Drop => {
                self.drop_body(reading);
                return Ok(());
            }
            Read::Part => {
                if let Some(Ok(frame)) = next_frame(&mut reading.body) {
                    reading.had.extend_from_slice(&frame);
                }
                self.drop_body(reading);
                return Ok(());
            }
            Read::Whole => {}
        }
        while let Some(frame) = next_frame(&mut reading.body) {
            match frame {
                Ok(frame) => reading.had.extend_from_slice(&frame),
                Err(_) if reading.is_cut => {
                    if let Some(number) = reading.number {
                        self.model.dropped(number);
                    }
                    return Ok(());
                }
                Err(error) => return Err(format!("{error} in a body that is whole")),
            }
        }
        if reading.is_cut || !reading.is_all() {
            return Err(format!(
                "a body of {:?}, not {:?}",
                Bytes::from(reading.had),
                reading.expected
            ));
        }
        if let Some(number) = reading.number {
            self.model.ended(number, &reading.expected[0], true);
        }
        Ok(())
    }

    /// The caller gives a body up. Where it has had all of it already, it may be stored.
    fn drop_body(&mut self, reading: Reading) {
        let is_all = reading.is_all() && !reading.is_cut;
        let at_end = reading.body.is_end_stream();
        let Some(number) = reading.number else {
            return;
        };
        drop(reading);
        if is_all || at_end {
            let body = self.doings.lock().expect("no panic").sent[number]
                .body
                .clone();
            self.model.ended(number, &body, false);
        } else {
            self.model.dropped(number);
        }
    }

    fn go_on(&mut self, which: usize, read: Read) -> Outcome {
        if self.open.is_empty() {
            return Ok(());
        }
        match self.open.remove(which % self.open.len()) {
            Open::Head(mut waiting) => {
                self.open_gate(waiting.number);
                let polled = poll(waiting.answering.as_mut());
                waiting.read = read;
                let Poll::Ready(result) = polled else {
                    return Err("the origin has answered, and the caller waits".to_owned());
                };
                self.came(*waiting, result)
            }
            Open::Body(reading) => self.read(reading, read),
            Open::Task(task, number) => self.finish(task, number),
        }
    }

    fn open_gate(&self, number: usize) {
        let mut doings = self.doings.lock().expect("no panic");
        if let Some(gate) = doings.sent[number].gate.take() {
            gate.open();
        }
    }

    fn give_up(&mut self, open: Open) {
        match open {
            Open::Head(waiting) => {
                drop(waiting.answering);
                self.model.dropped(waiting.number);
            }
            Open::Body(reading) => self.drop_body(reading),
            Open::Task(task, number) => {
                drop(task);
                self.model.dropped(number);
            }
        }
    }

    /// Begins something in the background.
    fn work(&mut self, which: usize, plan: &Plan) -> Outcome {
        if self.tasks.is_empty() {
            return Ok(());
        }
        self.doings.lock().expect("no panic").next = plan.clone();
        let (mut task, begun) = self.tasks.remove(which % self.tasks.len());
        let polled = poll(task.as_mut());
        if self.told == self.doings.lock().expect("no panic").sent.len() {
            return Ok(());
        }
        let number = self.told;
        let asked = {
            let doings = self.doings.lock().expect("no panic");
            Asked::in_background(self.kind, &doings.sent[number].seen, begun)?
        };
        self.tell(&asked)?;
        if polled.is_pending() {
            self.open.push(Open::Task(task, number));
            return Ok(());
        }
        self.worked(number)
    }

    fn finish(&mut self, mut task: Task, number: usize) -> Outcome {
        self.open_gate(number);
        match poll(task.as_mut()) {
            Poll::Ready(()) => self.worked(number),
            Poll::Pending => Err("the origin has answered, and the background waits".to_owned()),
        }
    }

    /// A validation in the background has ended: it has no caller, and has read the body itself.
    fn worked(&mut self, number: usize) -> Outcome {
        let mut number = number;
        let again = {
            let doings = self.doings.lock().expect("no panic");
            doings.sent.get(self.told).map(|sent| sent.asked_at)
        };
        let (given, _) = self.heard(number, again.unwrap_or(self.now()));
        if again.is_some() {
            if !given.iter().any(|given| matches!(given, Given::Again)) {
                return Err("asked more than once in the background".to_owned());
            }
            number = self.told;
            let asked = {
                let doings = self.doings.lock().expect("no panic");
                Asked::in_background(self.kind, &doings.sent[number].seen, self.model.moment())?
            };
            self.tell_again(&asked)?;
            self.heard(number, self.now());
        }
        let (body, is_cut) = {
            let doings = self.doings.lock().expect("no panic");
            let sent = &doings.sent[number];
            (sent.body.clone(), sent.is_cut)
        };
        match is_cut {
            true => self.model.dropped(number),
            false => self.model.ended(number, &body, true),
        }
        Ok(())
    }

    /// What is held is within bounds, and no more than may be.
    fn weigh(&self) -> Outcome {
        let (octets, count) = (self.handle.bytes(), self.handle.len());
        let recording = self.handle.stats().recording();
        if octets + recording > self.handle.capacity() {
            return Err(format!("{octets} and {recording} octets are too many"));
        }
        if (octets == 0) != (count == 0) {
            return Err(format!("{count} responses of {octets} octets"));
        }
        let is_quiet = !self.open.iter().any(|open| !matches!(open, Open::Head(_)));
        if is_quiet && recording != 0 {
            return Err(format!("{recording} octets are set aside for nobody"));
        }
        let (least, most) = self.model.count();
        if most > 200 {
            return Err(format!(
                "{most} responses may be stored: the model has lost its way"
            ));
        }
        if count < least || count > most {
            return Err(format!("{count} are stored, and not {least} to {most}"));
        }
        Ok(())
    }

    /// The sum of what each URI holds is what is held; and a clear leaves nothing.
    fn end(&mut self) -> Outcome {
        // What is hot has copies, which are nobody's in particular.
        let copies = self.handle.stats().copies();
        let (octets, count) = (self.handle.bytes() - copies, self.handle.len());
        let mut sum = (0, 0);
        let clone = self.handle.clone();
        if self.got.len() % 2 == 0 {
            for uri in URIS {
                let purged = clone.purge(&Uri::from_static(uri));
                sum = (sum.0 + purged.bytes(), sum.1 + purged.responses());
            }
        } else {
            let purged = clone.clear();
            sum = (purged.bytes(), purged.responses());
        }
        if sum != (octets, count) {
            return Err(format!("{sum:?} were held, and not {octets} of {count}"));
        }
        self.model.clear();
        for open in std::mem::take(&mut self.open) {
            match open {
                Open::Head(waiting) => self.give_up(Open::Head(waiting)),
                Open::Body(reading) => self.read(reading, Read::Whole)?,
                Open::Task(task, number) => self.finish(task, number)?,
            }
        }
        self.tasks.clear();
        match self.handle.bytes() {
            0 => Ok(()),
            left => Err(format!("{left} octets are left after a clear")),
        }
    }
}

impl Reading {
    fn is_all(&self) -> bool {
        self.expected.iter().any(|body| body[..] == self.had[..])
    }
}

impl Got {
    fn error() -> Self {
        Self {
            is_hit: false,
            is_reused: false,
            status: None,
            fields: HeaderMap::new(),
            body: None,
        }
    }
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The next frame of a body that is there.
fn next_frame(body: &mut Pin<Box<CacheBody<OriginBody>>>) -> Option<Result<Bytes, OriginError>> {
    let mut frame = body.frame();
    match poll(Pin::new(&mut frame)) {
        Poll::Ready(frame) => frame.map(|frame| frame.map(|f| f.into_data().unwrap_or_default())),
        Poll::Pending => panic!("a body that is there keeps its reader waiting"),
    }
}

/// Whether what was done with a request is what was said of it before.
fn is_as_explained(verdict: Verdict, is_forwarded: bool, answered: Option<CacheStatus>) -> bool {
    match verdict {
        Verdict::Reuse | Verdict::ReuseAndValidate => {
            !is_forwarded && answered.is_some_and(|status| status.is_hit())
        }
        Verdict::Validate(reason) | Verdict::Forward(reason) => {
            is_forwarded && answered.is_none_or(|status| status.forwarded() == Some(reason))
        }
        Verdict::Refuse(outcome) => {
            !is_forwarded && answered.is_some_and(|status| status.outcome() == outcome)
        }
        _ => false,
    }
}

fn status(response: &Response<CacheBody<OriginBody>>) -> CacheStatus {
    *response
        .extensions()
        .get()
        .expect("every response says what the cache did")
}

fn list(given: &[Given]) -> String {
    let texts: Vec<_> = given.iter().map(ToString::to_string).collect();
    texts.join(" or ")
}
