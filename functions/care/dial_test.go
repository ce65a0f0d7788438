package care_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/shared/callback"
	"dangol/shared/callback/dialer"
)

// phones is a telephone system that notes calls, each token once as Amazon Connect does, and may refuse.
type phones struct {
	refuse bool
	calls  []dialer.Call
}

func (p *phones) Dial(_ context.Context, c dialer.Call) (string, error) {
	if p.refuse {
		return "", errors.New("no line")
	}
	same := func(before dialer.Call) bool { return before.Token == c.Token }
	if !slices.ContainsFunc(p.calls, same) {
		p.calls = append(p.calls, c)
	}
	return "contact-" + c.Token, nil
}

func TestTheTelephoneSystemCallsOnceAndALinkIsLeftWhenItRefuses(t *testing.T) {
	t.Parallel()
	d, p := open(t), &phones{refuse: true}
	d.care.Dialer = p
	guest, agent := apitest.New(t, d.handler).As(apitest.Ann), apitest.New(t, d.handler).As(apitest.Agent)
	var free struct{ Slots []callback.Slot }
	guest.Do("GET", "/calls/slots", nil).Want(200).Into(&free)
	var call struct{ ID string }
	guest.Do("POST", "/calls", map[string]any{
		"clientId": "client-01", "from": free.Slots[0].From, "name": "하늘", "number": "010-1234-5678",
	}).Want(201).Into(&call)
	begin := func() string { return agent.Do("POST", "/calls/"+call.ID+"/begin", nil).Want(200).Body }
	if body := begin(); strings.Contains(body, `"dialing":true`) || !strings.Contains(body, `"dial":"tel:+821012345678"`) {
		t.Errorf("refused: %s", body)
	}
	p.refuse = false
	for range 2 {
		if body := begin(); !strings.Contains(body, `"dialing":true`) {
			t.Errorf("dialing: %s", body)
		}
	}
	if calls := p.calls; len(calls) != 1 || calls[0].To != "+821012345678" || calls[0].AgentID != apitest.Agent.Subject {
		t.Errorf("calls %+v", calls)
	}
	agent.Do("POST", "/calls/"+call.ID+"/outcome", map[string]any{"outcome": "no_answer"}).Want(200)
	begin()
	if calls := p.calls; len(calls) != 2 {
		t.Errorf("the second attempt is no call of its own: %+v", calls)
	}
}
