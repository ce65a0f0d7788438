package mailreceiver_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	mailreceiver "dangol/functions/mail-receiver"
	"dangol/infra/testkit/system"
)

var sixDigits = regexp.MustCompile(`[0-9]{6}`)

// TestAccess plays a reply by mail through the inbox of the laptop: an agent who takes what comes gets it.
func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{Spec: mailreceiver.Spec(), Journey: func(s *system.Shop) {
		who := s.As(system.Unique("dami"))
		id := s.Do(who, "POST", "/chat/conversations", `{"language":"ko"}`).Field(s.T, "conversation.id")
		path, email := "/chat/conversations/"+id, system.Unique("dami")+"@example.com"
		s.Do(who, "PUT", path+"/contact", map[string]string{"email": email})
		s.RunUntilIdle()
		code := sixDigits.FindString(s.Mail().Messages(email)[0].Text)
		s.Do(who, "POST", path+"/contact/prove", map[string]string{"code": code})
		s.Do(who, "POST", path+"/transcript", `{"clientId":"client-01"}`)
		s.RunUntilIdle()
		s.Do(s.Agent(), "PUT", "/chat/agents/me",
			`{"name":"A","teams":["care"],"languages":["ko"],"limit":20,"online":true,"auto":true}`)
		for _, text := range []string{"메일로 답합니다", "하나 더요"} {
			replied(s, s.Mail().Messages(email)[0].ID, text)
			s.RunUntilIdle()
		}
		log := s.Do(s.Agent(), "GET", path+"/messages", nil)
		if !strings.Contains(log.Body, "메일로 답합니다") || !strings.Contains(log.Body, "하나 더요") ||
			!strings.Contains(log.Body, `"state":"agent"`) {
			s.T.Errorf("the log is %s", log.Body)
		}
		// What the agent answers is mailed, as nobody reads it in the chat.
		s.Do(s.Agent(), "POST", path+"/messages", `{"clientId":"agent-001","text":"보내 드렸습니다"}`)
		s.AdvanceBy(10 * time.Minute)
		if mails := s.Mail().Messages(email); !strings.Contains(mails[0].Text, "보내 드렸습니다") {
			s.T.Errorf("the newest mail is %q", mails[0].Text)
		}
	}})
}

// replied answers a mail of the inbox as its reader would.
func replied(s *system.Shop, mail, text string) {
	answer, err := http.PostForm(s.Address()+"/inbox/"+mail+"/reply", url.Values{"text": {text}})
	if err != nil {
		s.T.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode >= 300 {
		s.T.Fatalf("the reply was answered with %s", answer.Status)
	}
}
