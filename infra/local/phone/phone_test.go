package phone_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"dangol/infra/local/phone"
	"dangol/shared/callback/dialer"
	"dangol/shared/platform/awsjson"
	"dangol/shared/platform/clock"
	"dangol/shared/sms"
)

var began = time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)

// network is a stand-in that serves on a port, with the configuration of a client.
func network(t *testing.T) (*phone.Service, string, aws.Config) {
	t.Helper()
	s := phone.New(clock.Stopped(began), nil)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return s, web.URL, aws.Config{
		Region: "ap-northeast-2", Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
	}
}

func TestACallIsNotedOnceForEachToken(t *testing.T) {
	t.Parallel()
	s, url, config := network(t)
	d := dialer.NewConnect(config, dialer.ConnectInstance{From: "+8225551234"}, url, clock.Stopped(began))
	first := dialer.Call{Token: "call_1-1", To: "+821012345678", AgentID: "agent-1", CallID: "call_1"}
	second := first
	second.Token = "call_1-2"
	var contacts []string
	for _, c := range []dialer.Call{first, first, second} {
		contact, err := d.Dial(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		contacts = append(contacts, contact)
	}
	if contacts[0] != contacts[1] || contacts[1] == contacts[2] {
		t.Errorf("contacts %v: the same token is the same call, another one is another call", contacts)
	}
	calls := s.Calls()
	if len(calls) != 2 || calls[0].To != "+821012345678" || calls[0].AgentID != "agent-1" || !calls[0].At.Equal(began) {
		t.Errorf("calls %+v", calls)
	}
}

func TestANumberThatMayNotBeCalledIsRefused(t *testing.T) {
	t.Parallel()
	s, url, config := network(t)
	d := dialer.NewConnect(config, dialer.ConnectInstance{}, url, clock.Stopped(began))
	_, err := d.Dial(t.Context(), dialer.Call{Token: "call_1-1", To: "+821000000000"})
	refused, ok := errors.AsType[*awsjson.Error](err)
	if !ok || refused.Code != "DestinationNotAllowedException" || len(s.Calls()) != 0 {
		t.Errorf("%v, calls %v", err, s.Calls())
	}
}

func TestATextMessageIsDeliveredAndListed(t *testing.T) {
	t.Parallel()
	var delivered []phone.Text
	s := phone.New(clock.Stopped(began), func(text phone.Text) error {
		delivered = append(delivered, text)
		return nil
	})
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	_, _, config := network(t)
	m := sms.New(config, "local", web.URL, clock.Stopped(began))
	id, err := m.Send(t.Context(), sms.Message{To: "+821012345678", Text: "123456", Life: 600})
	if err != nil || id == "" {
		t.Fatal(id, err)
	}
	_, err = m.Send(t.Context(), sms.Message{To: "+821012340000", Text: "123456", Life: 600})
	if refused, ok := errors.AsType[*awsjson.Error](err); !ok || refused.Code != "ConflictException" {
		t.Errorf("to a number that may not be reached: %v", err)
	}
	if _, err := m.Send(t.Context(), sms.Message{To: "+821012345678"}); err == nil {
		t.Error("an empty message was sent")
	}
	if texts := s.Texts(); len(texts) != 1 || texts[0].ID != id || texts[0].Text != "123456" ||
		!texts[0].At.Equal(began) ||
		len(delivered) != 1 || delivered[0] != texts[0] {
		t.Errorf("texts %+v, delivered %+v", texts, delivered)
	}
}

func TestWhatIsNotSignedIsRefused(t *testing.T) {
	t.Parallel()
	_, url, _ := network(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url+"/contact/outbound-voice",
		strings.NewReader(`{"DestinationPhoneNumber":"+821012345678"}`))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("status %d", answer.StatusCode)
	}
}
