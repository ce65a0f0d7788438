package mailer_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"golang.org/x/sync/errgroup"

	"dangol/functions/mailer"
	"dangol/infra/local/engine"
	"dangol/infra/local/ses"
	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/mail"
	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/keystore"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// killed is what a worker panics with when its process is killed: nothing it would have done afterwards happens.
type killed struct{}

// killer kills its caller by chance, before or after a call took effect.
type killer struct {
	table.DB
	*chance
}

// chance decides by a seed; in which order those who ask come is for the scheduler.
type chance struct {
	mu    sync.Mutex
	dice  *rand.Rand
	kills int
	off   bool
}

func (c *chance) draw(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dice.IntN(n)
}

// count is how often a worker was killed.
func (c *chance) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kills
}

// maybe kills once in a while.
func (c *chance) maybe() {
	c.mu.Lock()
	kill := !c.off && c.dice.IntN(40) == 0
	if kill {
		c.kills++
	}
	c.mu.Unlock()
	if kill {
		panic(killed{})
	}
}

func (k killer) PutItem(ctx context.Context, in *dynamodb.PutItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	k.maybe()
	out, err := k.DB.PutItem(ctx, in, o...)
	k.maybe()
	return out, err
}

func (k killer) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	out, err := k.DB.UpdateItem(ctx, in, o...)
	k.maybe()
	return out, err
}

func (k killer) TransactWriteItems(
	ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options),
) (*dynamodb.TransactWriteItemsOutput, error) {
	k.maybe()
	out, err := k.DB.TransactWriteItems(ctx, in, o...)
	k.maybe()
	return out, err
}

// moodySES is the SES of a laptop behind a network that fails: some requests are throttled, of some the answer is lost
// after SES took them, some never arrive, and some kill the worker.
type moodySES struct {
	*chance
	sink *ses.Sink

	mu       sync.Mutex
	accepted map[string]int // by id of the mail
	events   []outbox.SESEvent
	// published counts the events that SES made, and handed how often they were delivered, by type.
	published, handed map[string]int
}

// newMoodySES keeps the bodies of mails in a file: a campaign of 100,000 does not fit into memory.
func newMoodySES(t *testing.T, now clock.Clock, luck *chance) *moodySES {
	t.Helper()
	s := &moodySES{chance: luck, accepted: map[string]int{}, published: map[string]int{}, handed: map[string]int{}}
	sink, err := ses.Open(ses.Options{
		Clock: now, File: filepath.Join(t.TempDir(), "mail.jsonl"), Emit: func(_ string, detail json.RawMessage) error {
			var e outbox.SESEvent
			if err := json.Unmarshal(detail, &e); err != nil {
				return err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if e.EventType == "Send" {
				s.accepted[e.Mail.Tags[outbox.Tag][0]]++
			}
			s.published[e.EventType]++
			s.events = append(s.events, e)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sink.Close() })
	s.sink = sink
	return s
}

// RoundTrip is the network between the SDK's client and SES.
func (s *moodySES) RoundTrip(request *http.Request) (*http.Response, error) {
	answer := func() *http.Response {
		recorded := httptest.NewRecorder()
		s.sink.ServeHTTP(recorded, request)
		return recorded.Result()
	}
	if request.Method == http.MethodGet {
		return answer(), nil
	}
	switch s.draw(30) {
	case 0:
		return &http.Response{
			StatusCode: http.StatusTooManyRequests, Request: request,
			Header: http.Header{"X-Amzn-Errortype": {"TooManyRequestsException"}},
			Body:   io.NopCloser(strings.NewReader(`{"message":"Maximum sending rate exceeded."}`)),
		}, nil
	case 1:
		answer()
		return nil, errors.New("the answer was lost")
	case 2:
		return nil, errors.New("the request was lost")
	}
	s.maybe()
	taken := answer()
	s.maybe()
	return taken, nil
}

// count is how many mails SES has taken.
func (s *moodySES) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.accepted)
}

// sender is the mailer's own sender, through the SDK's client.
func (s *moodySES) sender(t *testing.T) *mail.Sender {
	t.Helper()
	endpoint := "http://ses.test"
	client := sesv2.New(sesv2.Options{
		BaseEndpoint: &endpoint, Region: "ap-northeast-2", HTTPClient: &http.Client{Transport: s},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	sender, err := mail.NewSender(client, mail.Identity{From: "hello@shop.example.com", ConfigurationSet: "local"})
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

// deliver hands some of SES's events over, out of order and side by side, each of them twice at once and some once more
// later, as EventBridge may.
func (s *moodySES) deliver(t *testing.T, h outbox.SESEventHandler, now time.Time, all bool) {
	t.Helper()
	s.mu.Lock()
	waiting := s.events
	s.events = nil
	s.mu.Unlock()
	var later []outbox.SESEvent
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(*sideBySide)
	for i := len(waiting) - 1; i >= 0; i-- {
		if !all && s.draw(3) > 0 {
			later = append(later, waiting[i])
			continue
		}
		s.handed[waiting[i].EventType] += 2
		for range 2 {
			group.Go(func() error { return h.Handle(ctx, waiting[i], now) })
		}
		// A repetition that comes when much has happened since.
		if !all && s.draw(10) == 0 {
			later = append(later, waiting[i])
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.events = append(s.events, later...)
	s.mu.Unlock()
}

// sideBySide is how many jobs and events are worked at a time, each by a worker of its own.
var sideBySide = flag.Int("workers", 8, "workers of the campaign that is sent through kills")

// recipients is how many people the campaign of the crash test goes to; `make campaign-mails` asks for 100,000.
var recipients = flag.Int("recipients", 400, "people in the campaign that is sent through kills")

// TestACampaignThroughKillsTimeoutsAndRepetitions sends a campaign while workers are killed at any point. Nobody gets
// two mails, nobody is forgotten, and the numbers agree with those of SES.
func TestACampaignThroughKillsTimeoutsAndRepetitions(t *testing.T) {
	t.Parallel()
	people := *recipients
	ctx, now := t.Context(), clock.Stopped(noon)
	luck := &chance{dice: rand.New(rand.NewPCG(7, 11)), off: true}
	db, name := table.DB(engine.RememberTokens(localtest.DB(t))), localtest.Name(t, table.Outreach)
	outreach, plain := table.New(killer{db, luck}, name, nil), table.New(db, name, nil)
	ses := newMoodySES(t, now, luck)
	client := ses.sender(t)
	seoul := time.FixedZone("KST", 9*60*60)
	templates, err := mail.NewTemplates(mail.Brand{
		Name: "온결", URL: "https://shop.example.com", Color: "#1f4d3a", Contact: "help@example.com",
		Imprint: []string{"서울특별시 성동구"},
	}, seoul)
	if err != nil {
		t.Fatal(err)
	}
	env := &boot.Env{Function: "mailer", Clock: now, Log: slog.New(slog.DiscardHandler)}
	links := mailer.Links{Base: "https://api.example.com", Shop: "https://shop.example.com",
		Keys: &keystore.Store{Table: plain}}
	shop := service.Shop{
		Name: "온결", URL: "https://shop.example.com", Contact: "help@example.com", Address: "서울특별시",
		LinkBase: "https://api.example.com", Zone: seoul,
	}
	s, err := service.New(outreach, shop, now, env.Log)
	if err != nil {
		t.Fatal(err)
	}
	c := spring(t, s, people)
	sender := func() *mailer.Mailer { // a new process
		m := mailer.With(outreach, outreach, client, templates, links, env)
		m.Budget.Sleep = func(_ context.Context, d time.Duration) error { now.Advance(d); return nil }
		return m
	}
	luck.off = false
	began, wall, reported := clock.System{}.Now(), clock.System{}, 0
	hearing := outbox.SESEventHandler{Store: outbox.Store{Table: plain}, Contacts: contact.Store{Table: plain}}
	for range 400 + people/100 {
		now.Advance(30 * time.Second)
		m := sender()
		work := map[string]func(context.Context, due.Job) error{
			service.DueCampaign: s.WorkCampaign, service.DuePage: s.WorkPage, outbox.DueMarketing: m.Work,
		}
		for kind, do := range work {
			crowd(t, plain, kind, now.Now(), luck, do)
		}
		ses.deliver(t, hearing, now.Now(), false)
		if n := ses.count(); n >= reported+5_000 {
			reported = n
			t.Logf("%s: %d of %d mails taken by SES, %d kills", wall.Now().Sub(began).Round(time.Second), n, people,
				luck.count())
		}
		if got, _ := s.GetCampaign(ctx, c.ID); got.Status == campaign.Finished {
			break
		}
	}
	luck.off = true
	ses.deliver(t, hearing, now.Now(), true)
	verify(t, s, c.ID, people, ses, luck)
}

// spring is a campaign to people who have agreed, scheduled.
func spring(t *testing.T, s *service.Service, people int) *service.Campaign {
	t.Helper()
	seed(t, s.Table, people)
	texts := outbox.Texts{Subject: "봄", Heading: "봄", Body: []string{"봄입니다."}, Button: "보기"}
	c, err := s.CreateCampaign(t.Context(), service.CampaignPlan{
		Name: "Spring", Topic: "offers", Local: "2026-03-01T21:10", By: campaign.ShopClock, Lateness: 24 * 60,
		URL:      "https://shop.example.com/spring",
		Variants: []service.Variant{{ID: "a", Texts: map[string]outbox.Texts{"ko": texts, "en": texts}}},
	})
	if err == nil {
		c, err = s.Schedule(t.Context(), c.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// seed stores people who have agreed, as they are after they said so.
func seed(t *testing.T, tb *table.Table, people int) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(*sideBySide)
	for from := 0; from < people; from += 25 {
		group.Go(func() error {
			var batch []any
			for i := from; i < min(from+25, people); i++ {
				c := contact.New(readerEmail(i))
				c.Language, c.Country, c.Version = "ko", "KR", 1
				c.Apply(consent.Change{Channel: compliance.Email, Action: consent.Give, At: noon})
				batch = append(batch, c)
			}
			return tb.BatchPut(ctx, batch...)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// readerEmail is the address of person i of the campaign. SES answers some of them with each outcome that it has for
// one recipient.
func readerEmail(i int) string {
	outcomes := map[int]string{7: "bounce", 17: "softbounce", 27: "complaint", 37: "reject", 39: "suppressionlist"}
	if outcome, ok := outcomes[i%40]; ok {
		return fmt.Sprintf("%s+%d@simulator.example.com", outcome, i)
	}
	return fmt.Sprintf("reader%d@example.com", i)
}

// crowd works off what is due, side by side; the first of the jobs and many others come twice, and a worker that is
// killed leaves the rest of its work to others.
func crowd(t *testing.T, tb *table.Table, kind string, now time.Time, luck *chance,
	do func(context.Context, due.Job) error) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(*sideBySide)
	first := 1
	err := due.Overdue(t.Context(), tb, kind, now, func(j due.Job) error {
		times := 1 + max(first, luck.draw(2))
		first = 0
		for range times {
			group.Go(func() error {
				defer func() {
					if cause := recover(); cause != nil && cause != (killed{}) {
						panic(cause)
					}
				}()
				_ = do(t.Context(), j) // a fault leaves the job due
				return nil
			})
		}
		return nil
	})
	if err := errors.Join(err, group.Wait()); err != nil {
		t.Fatal(err)
	}
}

func verify(t *testing.T, s *service.Service, campaignID string, people int, ses *moodySES, luck *chance) {
	t.Helper()
	c, err := s.GetCampaign(t.Context(), campaignID)
	if err != nil {
		t.Fatal(err)
	}
	p, report, err := s.Progress(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for id, n := range ses.accepted {
		if n > 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	if c.Status != campaign.Finished || c.People != people || p.Open != 0 || p.Settled() != people {
		t.Errorf("%s with %d people: %+v", c.Status, c.People, p)
	}
	if p.Sent != len(ses.accepted) || p.SESSent != len(ses.accepted) {
		t.Errorf("%d counted as sent, %d by SES's events, SES took %d", p.Sent, p.SESSent, len(ses.accepted))
	}
	if luck.kills < 100 {
		t.Errorf("only %d kills", luck.kills)
	}
	verifyEvents(t, report, ses)
	if listed := countFailures(t, s.Outbox); listed != p.Unknown+p.Rejected {
		t.Errorf("%d mails are listed, want %d unknown and %d rejected", listed, p.Unknown, p.Rejected)
	}
	t.Logf("%d people, %d kills: %d sent, %d rejected, %d unknown and listed, 0 repeated", people, luck.kills, p.Sent,
		p.Rejected, p.Unknown)
	t.Logf("events of SES %v, delivered %v times", ses.published, ses.handed)
}

// verifyEvents holds that every type of event came, each at least twice, and was counted once.
func verifyEvents(t *testing.T, report map[string]outbox.Counters, ses *moodySES) {
	t.Helper()
	sum := outbox.Counters{}
	for _, step := range report {
		for name, n := range step {
			sum[name] += n
		}
	}
	counters := map[string]string{
		"Send": outbox.CountSES, "Delivery": outbox.CountDelivered, "Bounce": outbox.CountBounced,
		"Complaint": outbox.CountComplained,
	}
	for eventType, counter := range counters {
		n := ses.published[eventType]
		if n == 0 || ses.handed[eventType] < 2*n {
			t.Errorf("%s was published %d times and delivered %d times", eventType, n, ses.handed[eventType])
		}
		if sum[counter] != n {
			t.Errorf("%s: %d counted, SES published %d", counter, sum[counter], n)
		}
	}
}

// countFailures is how many mails the merchant's list holds.
func countFailures(t *testing.T, store outbox.Store) (listed int) {
	t.Helper()
	for after := table.Cursor(""); ; {
		cards, next, err := store.Failures(t.Context(), 100, after)
		if err != nil {
			t.Fatal(err)
		}
		listed += len(cards)
		if next == "" {
			return listed
		}
		after = next
	}
}
