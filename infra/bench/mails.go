package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"golang.org/x/sync/errgroup"

	"dangol/functions/mailer"
	"dangol/infra/local/engine"
	"dangol/infra/local/ses"
	"dangol/infra/local/tables"
	"dangol/shared/compliance"
	"dangol/shared/mail"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/keystore"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

const (
	// mailWorkers is how many mails are sent at once: as many as a batch of the queue times the function's concurrency.
	mailWorkers = 8
	// mailRate is the rate that is imposed to see how much of it is kept.
	mailRate = 100
)

// mailBench is a table with a mailer, and an SES on loopback.
type mailBench struct {
	engine *engine.Engine
	table  *table.Table
	count  *tally
	dir    string
}

// mailFigures prints what mails cost: how many a second leave through an SES on loopback, processor time and capacity
// units of each, how much of a rate that SES imposes is used, and the memory of the mailer as it is deployed.
func mailFigures(ctx context.Context, mails int) error {
	return withMailBench(ctx, func(b *mailBench, _ *dynamodb.Client) error {
		fmt.Printf("\nMails\n")
		if err := b.throughput(ctx, mails); err != nil {
			return err
		}
		if err := b.imposedRate(ctx, 10*time.Second); err != nil {
			return err
		}
		return b.memory(ctx, mails, memoryMails)
	})
}

// withMailBench makes a bench, works with it and removes it.
func withMailBench(ctx context.Context, do func(*mailBench, *dynamodb.Client) error) error {
	dir, err := os.MkdirTemp("", "dangol-mails")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := engine.Start(ctx, engine.Options{DataFile: filepath.Join(dir, "data.db")})
	if err != nil {
		return err
	}
	defer db.Stop()
	schema := table.Outreach
	schema.Stream = false
	client := tables.Client(db.Endpoint())
	if err := tables.Create(ctx, client, schema.Name, schema); err != nil {
		return err
	}
	b := &mailBench{engine: db, count: newTally(), dir: dir}
	b.table = table.New(engine.RememberTokens(client), schema.Name, func(op table.Op) { b.count.observe("", op) })
	return do(b, client)
}

// ses serves an SES on loopback that takes so many mails a second; 0 does not limit it.
func (b *mailBench) ses(rate float64, name string) (sink *ses.Sink, endpoint string, stop func(), err error) {
	sink, err = ses.Open(ses.Options{
		Clock: clock.System{}, File: filepath.Join(b.dir, "mail-"+name+".jsonl"), Rate: rate,
	})
	if err != nil {
		return nil, "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", nil, err
	}
	server := &http.Server{Handler: sink}
	go server.Serve(listener)
	return sink, "http://" + listener.Addr().String(), func() {
		server.Close()
		sink.Close()
	}, nil
}

// mailer returns a mailer and the SES it sends through. rate is what SES takes a second; 0 does not limit it.
func (b *mailBench) mailer(rate float64) (*mailer.Mailer, *ses.Sink, func(), error) {
	sink, endpoint, stop, err := b.ses(rate, fmt.Sprint(rate))
	if err != nil {
		return nil, nil, nil, err
	}
	client := sesv2.New(sesv2.Options{
		BaseEndpoint: &endpoint, Region: tables.Region,
		HTTPClient:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}},
		Credentials: credentials.NewStaticCredentialsProvider("bench", "bench", ""),
	})
	sender, err := mail.NewSender(client, mail.Identity{From: "hello@shop.example.com"})
	if err != nil {
		return nil, nil, stop, err
	}
	templates, err := mail.NewTemplates(mail.Brand{
		Name: "온결", URL: "https://shop.example.com", Color: "#1f4d3a", Contact: "help@example.com",
		Imprint: []string{"서울특별시 성동구 왕십리로 83"},
	}, time.UTC)
	if err != nil {
		return nil, nil, stop, err
	}
	env := &boot.Env{Function: "mailer", Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Out: io.Discard}
	links := mailer.Links{
		Base: "https://api.example.com", Shop: "https://shop.example.com", Keys: &keystore.Store{Table: b.table},
	}
	return mailer.With(b.table, b.table, sender, templates, links, env), sink, stop, nil
}

// letter is mail n of a kind, to a person of its own.
func letter(n int, kind compliance.MessageKind) outbox.Mail {
	now := clock.System{}.Now()
	email := fmt.Sprintf("reader%d@example.com", n)
	m := outbox.Mail{
		ID: fmt.Sprintf("bench-%s-%d", kind, n), Kind: kind, To: email, Language: []string{"ko", "en"}[n%2],
		Template: "cart_reminder", Source: outbox.Source{Name: "sequence:abandoned_cart", Step: "reminder"},
		Contact: consent.ContactID(email), Basis: compliance.ReasonConsent, Planned: now,
		Compose: &outbox.Compose{URL: "https://shop.example.com/cart", Name: "하늘", ConsentAt: now},
	}
	if kind == compliance.Marketing {
		m.Topic = "cart"
	}
	return m
}

// plan stores people who agreed, and a mail to each: those from one number up to another.
func (b *mailBench) plan(ctx context.Context, from, to int, kind compliance.MessageKind) error {
	group, seeding := errgroup.WithContext(ctx)
	group.SetLimit(mailWorkers)
	for i := from; i < to; i++ {
		group.Go(func() error {
			m := letter(i, kind)
			c := contact.New(m.To)
			c.Country, c.Version = "KR", 1
			c.Apply(consent.Change{Channel: compliance.Email, Action: consent.Give, At: m.Planned})
			// An earlier part may have stored the person.
			return errors.Join(b.table.Put(seeding, table.Put{Item: c}),
				b.table.Put(seeding, table.Put{Item: m.Task(m.Planned), If: table.IfNew}))
		})
	}
	return group.Wait()
}

// send works all of the mails off.
func (b *mailBench) send(ctx context.Context, m *mailer.Mailer, n int, kind compliance.MessageKind) error {
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(mailWorkers)
	for i := range n {
		group.Go(func() error {
			l := letter(i, kind)
			return m.Work(sending, due.Job{Kind: l.DueKind(), Key: task.KeyOf(l.DueKind(), l.ID)})
		})
	}
	return group.Wait()
}

// throughput sends marketing mails as fast as it goes.
func (b *mailBench) throughput(ctx context.Context, n int) error {
	m, sink, stop, err := b.mailer(0)
	if err != nil {
		return err
	}
	defer stop()
	if err := b.plan(ctx, 0, n, compliance.Marketing); err != nil {
		return err
	}
	wall := clock.System{}
	b.count.take()
	high := watchHeap()
	began, own, engineBefore := wall.Now(), ownTime(), engineTime(b.engine)
	if err := b.send(ctx, m, n, compliance.Marketing); err != nil {
		return err
	}
	took := wall.Now().Sub(began)
	own, engineTook := ownTime()-own, engineTime(b.engine)-engineBefore
	cost := sumOf(b.count.take())
	if sent := len(sink.Messages("")); sent != n {
		return fmt.Errorf("%d of %d mails were sent", sent, n)
	}
	each := func(d time.Duration) float64 { return ms(d) / float64(n) }
	row("mails", "%d", n)
	row("a second", "%.0f", float64(n)/took.Seconds())
	row("processor time of each, ms", "%.2f (mailer and SES), %.2f (engine)", each(own), each(engineTook))
	row("round trips, RCU, WCU of each", "%.1f, %.1f, %.1f", float64(cost.Trips)/float64(n), cost.Read/float64(n),
		cost.Write/float64(n))
	row("heap grew by, MB", "%.0f", float64(high())/1e6)
	row("resident at most, MB", "%.0f", resident()/1e6)
	return nil
}

// imposedRate sends order mails through an SES that takes so many a second, for some time, and more than it can take.
func (b *mailBench) imposedRate(ctx context.Context, length time.Duration) error {
	m, sink, stop, err := b.mailer(mailRate)
	if err != nil {
		return err
	}
	defer stop()
	// What SES said of the account in the part before no longer counts.
	if err := b.table.Delete(ctx, table.Delete{Key: table.Key{PK: "MAIL#RATE", SK: "RATE"}}); err != nil {
		return err
	}
	n := int(mailRate*length.Seconds()) * 2
	if err := b.plan(ctx, 0, n, compliance.Transactional); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	_ = b.send(limited, m, n, compliance.Transactional) // ends when the time is over
	sent := len(sink.Messages(""))
	row("imposed rate", "%d a second for %s", mailRate, length)
	row("share of it that was used", "%.0f %%", 100*float64(sent)/(mailRate*length.Seconds()))
	return nil
}

func row(name, format string, args ...any) {
	fmt.Printf("%-36s "+format+"\n", append([]any{name}, args...)...)
}

// resident is the most memory that this process had.
func resident() float64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return float64(used.Maxrss) * 1024 // Linux counts in KiB
}
