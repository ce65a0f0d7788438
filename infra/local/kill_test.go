package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asProcess makes the test binary the command itself, so that a test can kill it.
const asProcess = "DANGOL_LOCAL_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a shop in a process of its own, on a data folder that outlives it.
type process struct {
	t       *testing.T
	data    string
	demo    bool      // fills the demo shop
	errors  io.Writer // what it says on the standard error; nil for that of the tests
	cmd     *exec.Cmd
	address string
	ready   chan struct{} // closed when it has printed everything, and so filled the demo shop
}

// launch runs the shop and returns what it prints.
func (p *process) launch() *bufio.Scanner {
	p.t.Helper()
	p.cmd = exec.Command(os.Args[0], "-port", "0", "-data", p.data, fmt.Sprintf("-empty=%t", !p.demo))
	p.cmd.Env = append(os.Environ(), asProcess+"=1")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with the engine it starts
	if p.cmd.Stderr = p.errors; p.errors == nil {
		p.cmd.Stderr = os.Stderr // says why a start failed
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	return bufio.NewScanner(out)
}

// start runs the shop and waits for its address.
func (p *process) start() {
	p.t.Helper()
	lines := p.launch()
	if !lines.Scan() {
		p.t.Fatal("the shop did not start")
	}
	p.address = lines.Text()
	ready := make(chan struct{})
	p.ready = ready
	go func() {
		for lines.Scan() { // the rest of what it prints must not fill the pipe
			if strings.HasPrefix(lines.Text(), "Ctrl-C") {
				close(ready)
			}
		}
	}()
}

// kill ends the shop as a power cut would.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// call asks the shop, as a merchant; the error is that of a shop that is gone.
func (p *process) call(method, path string, body, out any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, p.address+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if !strings.HasPrefix(path, "/dev/") {
		var token struct {
			Access string `json:"access_token"`
		}
		claims := map[string]any{"sub": "boss", "groups": []string{"merchant"}}
		if err := p.call("POST", "/dev/token", claims, &token); err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+token.Access)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", method, path, answer.Status, text)
	}
	if out == nil || len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, out)
}

func (p *process) must(method, path string, body, out any) {
	p.t.Helper()
	if err := p.call(method, path, body, out); err != nil {
		p.t.Fatal(err)
	}
}

// campaign imports readers and schedules a campaign to them in ten minutes.
func (p *process) campaign(readers int) (id string) {
	p.t.Helper()
	var clock struct{ Now time.Time }
	p.must("GET", "/dev/clock", nil, &clock)
	rows := make([]map[string]string, readers)
	for i := range rows {
		rows[i] = map[string]string{
			"email": fmt.Sprintf("reader%03d@example.com", i), "at": clock.Now.Add(-time.Hour).Format(time.RFC3339),
			"source": "a test", "textVersion": "1", "language": "ko",
		}
	}
	p.must("POST", "/outreach/consents/import", map[string]any{"consents": rows}, nil)
	words := map[string]any{"subject": "봄", "heading": "봄", "body": []string{"봄입니다."}}
	var made struct{ ID string }
	p.must("POST", "/outreach/campaigns", map[string]any{
		"name": "Spring", "topic": "news", "by": "shop", "maxLatenessMinutes": 1440, "url": p.address + "/spring",
		"local":    clock.Now.Add(10 * time.Minute).In(time.FixedZone("KST", 9*60*60)).Format("2006-01-02T15:04"),
		"variants": []any{map[string]any{"id": "a", "texts": map[string]any{"ko": words, "en": words}}},
	}, &made)
	p.must("POST", "/outreach/campaigns/"+made.ID+"/schedule", nil, nil)
	return made.ID
}

// mails counts the mails of the campaign in the inbox, by recipient.
func (p *process) mails() map[string]int {
	p.t.Helper()
	var inbox struct {
		Messages []struct {
			To      []string
			Subject string
		}
	}
	p.must("GET", "/inbox.json", nil, &inbox)
	mails := map[string]int{}
	for _, m := range inbox.Messages {
		if strings.Contains(m.Subject, "봄") {
			mails[m.To[0]]++
		}
	}
	return mails
}

// TestAKilledRunnerLosesNobodyOfACampaignAndDoublesNobody kills the whole shop, engine included, again and again while
// it sends a campaign, and starts it on the data it left.
func TestAKilledRunnerLosesNobodyOfACampaignAndDoublesNobody(t *testing.T) {
	t.Parallel()
	const readers, kills, seed = 150, 4, 13
	random := rand.New(rand.NewPCG(seed, seed))
	p := &process{t: t, data: t.TempDir()}
	p.start()
	defer func() { p.kill() }()
	id := p.campaign(readers)
	for range kills {
		// Its answer comes when everything due has been done; most of them find the shop dead.
		go func(p process) { _ = p.call("POST", "/dev/clock", map[string]string{"advance": "11m"}, nil) }(*p)
		for more := len(p.mails()) + 1 + random.IntN(25); len(p.mails()) < more; { // asks until then
			continue
		}
		p.kill()
		p.start()
	}
	var report struct {
		Campaign struct{ Status string }
		Progress struct{ People, Sent, Unknown, Withheld, Rejected, Canceled, Open int }
	}
	for range 20 {
		p.must("POST", "/dev/clock", map[string]string{"advance": "20m"}, nil) // 15 minutes settle an unknown
		p.must("GET", "/outreach/campaigns/"+id, nil, &report)
		if report.Campaign.Status == "finished" {
			break
		}
	}
	mails := p.mails()
	for to, n := range mails {
		if n > 1 {
			t.Errorf("%s got %d mails", to, n)
		}
	}
	n := report.Progress
	if report.Campaign.Status != "finished" || n.Open != 0 || n.Sent+n.Unknown != readers || n.Withheld+n.Rejected > 0 {
		t.Errorf("the campaign ended as %+v", report)
	}
	if lost := readers - len(mails); lost > n.Unknown {
		t.Errorf("%d people got nothing, %d are listed as unknown", lost, n.Unknown)
	}
	t.Logf("%d kills: %d sent, %d unknown of %d", kills, n.Sent, n.Unknown, readers)
}
