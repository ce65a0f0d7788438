package care

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"dangol/shared/callback"
	"dangol/shared/callback/dialer"
	calls "dangol/shared/callback/store"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
)

// mostBookings bounds how many calls one address or customer books in ten minutes.
const mostBookings = 10

// callRoutes registers the routes of call-back requests.
func (f *Care) callRoutes(s *api.Service) {
	const one = "/calls/{callId}"
	calls := func(access api.Access, method, path, id, summary string, errors ...int) api.Route {
		return route(access, method, path, "Calls", id, summary, errors...)
	}
	api.Handle(s, calls(api.Public, "GET", "/calls/slots", "listCallSlots", "When a call can be booked", 404), f.slots)
	book := calls(api.Shopper, "POST", "/calls", "bookCall", "Ask to be called back", 404, 409, 429, 503)
	book.Status, book.Description =
		201, "The same `clientId` books one call. With a conversation, the call's reminder and notes go into its log. A "+
			"guest sends its Chat-Token."
	api.Handle(s, book, f.book)
	api.Handle(s, calls(api.Shopper, "GET", one, "getCall", "Read a booked call", 404), f.call)
	api.Handle(s, calls(api.Shopper, "DELETE", one, "cancelCall", "Cancel a booked call", 404, 409, 503), f.cancel)
	api.Handle(s, calls(api.Agent, "GET", "/calls", "listCalls", "The open calls of a team, the next one first"),
		f.openCalls)
	begin := calls(api.Agent, "POST", one+"/begin", "beginCall", "Take a call, and get the number", 404, 409, 503)
	begin.Description = "Of several agents one gets it. `dial` is a link that a telephone opens. A number that nobody " +
		"has proved is called only where the team's setting `unverified` allows it."
	api.Handle(s, begin, f.begin)
	finish := calls(api.Agent, "POST", one+"/outcome", "finishCall", "Note how a call ended", 404, 409, 503)
	finish.Description = "Who was not reached is called again after 15 minutes and after 2 hours of opening time; the " +
		"third attempt is the last."
	api.Handle(s, finish, f.finish)
}

// slotsInput names a team.
type slotsInput struct {
	Team string `query:"team" default:"care" maxLength:"40" pattern:"^[a-z0-9-]+$"`
}

type slotsOutput struct {
	Body struct {
		Slots []callback.Slot `json:"slots"`
		Zone  string          `json:"zone"`
		// Verify says whether a booking needs a number that was proved.
		Verify bool `json:"verify" doc:"Prove the number first: POST /calls/verifications."`
	}
}

// slots lists the times at which a call can be booked. 2 or 3 round trips.
func (f *Care) slots(ctx context.Context, in *slotsInput) (*slotsOutput, error) {
	team, err := f.Chat.Team(ctx, in.Team)
	if err != nil {
		return nil, err
	}
	slots, err := f.free(ctx, team)
	if err != nil {
		return nil, err
	}
	out := &slotsOutput{}
	out.Body.Slots, out.Body.Zone, out.Body.Verify = slots, team.Hours.Zone, f.proofNeeded(team)
	// An empty list and not null, see the API's rule for lists.
	if slots == nil {
		out.Body.Slots = []callback.Slot{}
	}
	return out, nil
}

// free returns the slots of a team that have room.
func (f *Care) free(ctx context.Context, team conversation.Team) ([]callback.Slot, error) {
	return f.Calls.Slots(ctx, team.ID, team.Hours, time.Duration(team.Calls.SlotMinutes)*time.Minute,
		team.Calls.Capacity)
}

// CallView is a booked call as somebody may see it. The number is the agent's to see who has taken the call.
type CallView struct {
	ID             string             `json:"id"`
	State          callback.State     `json:"state"`
	Team           string             `json:"team"`
	Name           string             `json:"name"`
	Number         string             `json:"number" doc:"The last four digits; whole for the agent who calls."`
	Verified       bool               `json:"verified" doc:"The shopper has proved the number by a code."`
	Dial           string             `json:"dial,omitempty" doc:"tel: link, for the agent who calls."`
	Dialing        bool               `json:"dialing,omitempty" doc:"The telephone system is calling: the agent's phone rings."`
	Topic          string             `json:"topic,omitempty"`
	ConversationID string             `json:"conversationId,omitempty"`
	SlotFrom       time.Time          `json:"slotFrom"`
	SlotTo         time.Time          `json:"slotTo"`
	CallFrom       time.Time          `json:"callFrom" doc:"When the next attempt is due."`
	Attempts       []callback.Attempt `json:"attempts,omitempty" doc:"Agents only."`
}

// viewOf shows a request to whoever asks: everybody sees the last
// four digits, the agent who has taken the call sees the number.
func viewOf(ctx context.Context, r callback.Request) CallView {
	v := CallView{
		ID: r.ID, State: r.State, Team: r.Team, Name: r.Name, Topic: r.Topic, ConversationID: r.Conversation,
		SlotFrom: r.SlotFrom, SlotTo: r.SlotTo, CallFrom: r.CallFrom,
		Number: lastDigits(r.Number), Verified: r.Verified,
	}
	if p := auth.From(ctx); p.Operator() {
		v.Attempts = r.Attempts
		if r.State == callback.Calling && r.AgentID == p.Subject {
			v.Number, v.Dial = r.Number, "tel:"+r.Number
		}
	}
	return v
}

type callOutput struct {
	Body CallView
}

// answer shows a request unless there is an error.
func answer(ctx context.Context, r callback.Request, err error) (*callOutput, error) {
	if err != nil {
		return nil, err
	}
	return &callOutput{viewOf(ctx, r)}, nil
}

// bookInput asks for a call. clientId makes a repetition book the same call.
type bookInput struct {
	Token string `header:"Chat-Token" maxLength:"64" doc:"A guest's secret for the conversation."`
	Body  struct {
		ClientID       string    `json:"clientId" minLength:"8" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$"`
		From           time.Time `json:"from" doc:"The beginning of the slot."`
		Team           string    `json:"team,omitempty" maxLength:"40" pattern:"^[a-z0-9-]*$"`
		Name           string    `json:"name" minLength:"1" maxLength:"60"`
		Number         string    `json:"number" minLength:"6" maxLength:"30" example:"010-1234-5678"`
		Topic          string    `json:"topic,omitempty" maxLength:"500"`
		Language       string    `json:"language,omitempty" enum:"ko,en" default:"ko"`
		ConversationID string    `json:"conversationId,omitempty" maxLength:"40"`
		Verification   string    `json:"verification,omitempty" maxLength:"64" doc:"The secret of the verification that proved the number; needed when /calls/slots says so."`
	}
}

// book books a call in a free slot. The limit comes before anything but the team is read: booking fills the slots of
// the team.
func (f *Care) book(ctx context.Context, in *bookInput) (*callOutput, error) {
	number, err := normal(in.Body.Number)
	if err != nil {
		return nil, err
	}
	team, err := f.Chat.Team(ctx, in.Body.Team)
	if err != nil {
		return nil, err
	}
	// Masked like messages: a topic may contain card numbers, which must not be stored.
	name, _ := conversation.Mask(conversation.Clean(in.Body.Name))
	topic, _ := conversation.Mask(conversation.Clean(in.Body.Topic))
	if err := callback.Check(name, topic, in.Body.Language, in.Body.ClientID); err != nil {
		return nil, err
	}
	if f.proofNeeded(team) && in.Body.Verification == "" {
		return nil, problem.InvalidField("/verification", "required", "the verification of the number")
	}
	limit := ratelimit.Limit{Name: "care-book", Subject: api.LimitSubject(ctx), Max: mostBookings, Window: limitWindow}
	if err := f.Limiter.Take(ctx, limit); err != nil {
		return nil, err
	}
	// Whoever names a conversation must be allowed to read
	// it, because notes of the call go into its log.
	if in.Body.ConversationID != "" {
		if _, err := f.Chat.Load(ctx, shopper(ctx, in.Token), in.Body.ConversationID); err != nil {
			return nil, err
		}
	}
	slots, err := f.free(ctx, team)
	if err != nil {
		return nil, err
	}
	verified, err := f.proved(ctx, team, number, in.Body.Verification)
	if err != nil {
		return nil, err
	}
	r, err := f.Calls.Book(ctx, callback.Request{
		Team: team.ID, Language: in.Body.Language, Conversation: in.Body.ConversationID, CustomerID: auth.From(ctx).Subject,
		Name: name, Number: number, Verified: verified, Topic: topic,
	}, slots, in.Body.From, team.Calls.Capacity, api.LimitSubject(ctx), in.Body.ClientID)
	if err != nil {
		return nil, err
	}
	return answer(ctx, r, f.announce(ctx, r, conversation.CallBooked))
}

// shopper is the caller as a shopper of a conversation.
func shopper(ctx context.Context, token string) service.Participant {
	return service.Participant{Role: conversation.Shopper, ID: auth.From(ctx).Subject, Token: token}
}

// phoneNumber is a number in E.164. One with a leading 0 and without a country is Korean.
func phoneNumber(text string) (string, bool) {
	digits := strings.Map(func(r rune) rune {
		// Digits of other scripts are refused: they would be dialed by nobody.
		if unicode.IsDigit(r) && r < 0x80 || r == '+' {
			return r
		}
		if strings.ContainsRune(" -.()", r) {
			return -1
		}
		return 'x'
	}, text)
	// Two zeros are the international prefix of some countries, and no Korean number.
	if local, ok := strings.CutPrefix(digits, "0"); ok && !strings.HasPrefix(local, "0") {
		digits = "+82" + local
	}
	// 8 to 15 digits with the calling code (ITU-T E.164).
	rest, ok := strings.CutPrefix(digits, "+")
	if !ok || len(rest) < 8 || len(rest) > 15 || rest[0] == '0' || strings.ContainsAny(rest, "x+") {
		return "", false
	}
	return digits, true
}

// CallInput names a call and what opens it. Exported because Huma fills only exported embedded structs.
type CallInput struct {
	CallID string `path:"callId" maxLength:"40" example:"call_01k9x7d3f8q7m2k"`
	Token  string `header:"Chat-Token" maxLength:"64" doc:"A guest's secret for the call's conversation."`
}

// mine reads a call that the caller may see: operators any, customers their own, guests by the token of its
// conversation.
func (f *Care) mine(ctx context.Context, in *CallInput) (callback.Request, error) {
	r, err := f.Calls.Get(ctx, in.CallID)
	if err != nil {
		return r, err
	}
	p := auth.From(ctx)
	if p.Operator() || p.Owns(r.CustomerID) {
		return r, nil
	}
	// The same answer as for a call that does not exist.
	if r.Conversation == "" {
		return callback.Request{}, calls.NotFound()
	}
	_, err = f.Chat.Load(ctx, shopper(ctx, in.Token), r.Conversation)
	if problem.Code(err) == "conversation_not_found" {
		return callback.Request{}, calls.NotFound()
	}
	return r, err
}

// call shows one call.
func (f *Care) call(ctx context.Context, in *CallInput) (*callOutput, error) {
	r, err := f.mine(ctx, in)
	return answer(ctx, r, err)
}

// cancel cancels a call, if it has not begun.
func (f *Care) cancel(ctx context.Context, in *CallInput) (*callOutput, error) {
	if _, err := f.mine(ctx, in); err != nil {
		return nil, err
	}
	r, err := f.Calls.Change(ctx, in.CallID, callback.Request.Cancel)
	return answer(ctx, r, err)
}

type openCallsOutput struct {
	Body struct {
		Calls []CallView `json:"calls"`
	}
}

// openCalls lists the open calls of a team for its agents. 1 round trip.
func (f *Care) openCalls(ctx context.Context, in *slotsInput) (*openCallsOutput, error) {
	open, err := f.Calls.Open(ctx, in.Team, 100)
	out := &openCallsOutput{}
	out.Body.Calls = make([]CallView, len(open))
	for i, r := range open {
		out.Body.Calls[i] = viewOf(ctx, r)
	}
	return out, err
}

// Dialer calls a shopper and connects the agent: see package dialer.
type Dialer interface {
	Dial(ctx context.Context, c dialer.Call) (contact string, err error)
}

// begin takes a call. Of several agents the condition of the write lets one have it.
func (f *Care) begin(ctx context.Context, in *CallInput) (*callOutput, error) {
	agent := auth.From(ctx).Subject
	r, err := f.Calls.Change(ctx, in.CallID, func(r callback.Request) (callback.Request, error) {
		team, err := f.Chat.Team(ctx, r.Team)
		if err != nil {
			return r, err
		}
		// The setting may have changed since it was booked.
		if f.proofNeeded(team) && !r.Verified {
			return r, notVerified()
		}
		return r.Begin(agent, f.Calls.Clock.Now())
	})
	out, err := answer(ctx, r, err)
	if err == nil && f.Dialer != nil {
		out.Body.Dialing = f.dial(ctx, r, agent)
	}
	return out, err
}

// dial lets the telephone system call. Beginning the same attempt again is the same call to it. One that it refuses, or
// that gets no answer, leaves the link: the agent can always dial.
func (f *Care) dial(ctx context.Context, r callback.Request, agent string) (dialing bool) {
	contact, err := f.Dialer.Dial(ctx, dialer.Call{
		Token: fmt.Sprintf("%s-%d", r.ID, len(r.Attempts)+1), To: r.Number, AgentID: agent, CallID: r.ID,
		Language: r.Language,
	})
	if err != nil {
		f.Chat.Log.ErrorContext(ctx, "dial", "call", r.ID, "error", err)
		return false
	}
	f.Chat.Log.InfoContext(ctx, "dial", "call", r.ID, "contact", contact)
	return true
}

// finishInput is how a call ended.
type finishInput struct {
	CallInput
	Body struct {
		Outcome callback.Outcome `json:"outcome" enum:"reached,no_answer,busy,wrong_number"`
		Note    string           `json:"note,omitempty" maxLength:"2000"`
	}
}

// finish notes the outcome, and writes it into the conversation's log for the agents who read it later.
func (f *Care) finish(ctx context.Context, in *finishInput) (*callOutput, error) {
	note, _ := conversation.Mask(conversation.Clean(in.Body.Note))
	agent := auth.From(ctx).Subject
	r, err := f.Calls.Change(ctx, in.CallID, func(r callback.Request) (callback.Request, error) {
		team, err := f.Chat.Team(ctx, r.Team)
		if err != nil {
			return r, err
		}
		return r.Finish(agent, in.Body.Outcome, note, team.Hours, f.Calls.Clock.Now())
	})
	// Without a conversation there is no log to write into.
	if err != nil || r.Conversation == "" {
		return answer(ctx, r, err)
	}
	text := fmt.Sprintf("%s: %s", in.Body.Outcome, note)
	// The id is made of the call and the attempt, so that a repeated request adds no second note.
	_, _, err = f.Chat.Note(ctx, service.Participant{Role: conversation.Agent, ID: agent}, r.Conversation, service.Draft{
		ClientID: fmt.Sprintf("%s-%d", r.ID, len(r.Attempts)), Text: text,
	})
	// The conversation may have been erased meanwhile; the outcome is noted all the same.
	if problem.Code(err) == "conversation_not_found" {
		err = nil
	}
	return answer(ctx, r, err)
}
