package conversation

import (
	"slices"
	"strings"

	"dangol/shared/faq"
)

// Action is something that the bot can do for a shopper.
type Action string

// The actions.
const (
	OrderStatus        Action = "order_status"
	StartReturn        Action = "start_return"
	SkipDelivery       Action = "skip_delivery"
	CancelSubscription Action = "cancel_subscription"
	Coupons            Action = "coupons"
	// ReturnOrder goes on with a return of one order: it follows the buttons of StartReturn and is not in the menu.
	ReturnOrder Action = "return_order"
)

// Actions lists what the bot can do, in the order of its menu.
var Actions = []Action{OrderStatus, StartReturn, SkipDelivery, CancelSubscription, Coupons}

// ActionRequest is an action that the bot carries out for a customer.
type ActionRequest struct {
	Action     Action
	Of         string // of ReturnOrder: what the pressed button says after its colon
	CustomerID string
	Language   string
}

// Button is a choice under a message. Its value is sent back with the next message; a button with a Call makes the
// storefront call the shop's API as the customer instead, so that the API's own rules decide.
type Button struct {
	Label string `dynamodbav:"label" json:"label"`
	Value string `dynamodbav:"value,omitempty" json:"value,omitempty"`
	Call  *Call  `dynamodbav:"call,omitempty" json:"call,omitempty"`
}

// Call is a request to the shop's API that the storefront makes as the customer. Confirm and Done may name fields of an
// answer, such as {refund.display}: Confirm those of the call before, Done those of this one.
type Call struct {
	Method  string `dynamodbav:"method" json:"method" enum:"GET,POST,PUT"`
	Path    string `dynamodbav:"path" json:"path"`
	Body    string `dynamodbav:"body,omitempty" json:"body,omitempty" doc:"JSON"`
	Confirm string `dynamodbav:"confirm,omitempty" json:"confirm,omitempty" doc:"A question to ask first."`
	Done    string `dynamodbav:"done,omitempty" json:"done,omitempty" doc:"What to say when it succeeded."`
	// Keyed calls are sent with an Idempotency-Key of the client's own, the same one when the call is repeated.
	Keyed bool `dynamodbav:"keyed,omitempty" json:"keyed,omitempty"`
	// Take puts fields of the answer before into this body: the body's field by the answer's.
	Take map[string]string `dynamodbav:"take,omitempty" json:"take,omitempty" doc:"The field of this body by the field of the answer before."`
	Then *Call             `dynamodbav:"then,omitempty" json:"then,omitempty" doc:"The call that follows with this one's answer."`
}

// Values of buttons: what they begin with, and the whole ones.
const (
	pressEntry  = "faq:"
	pressAction = "action:"
	pressReturn = "return:" // <order> or <order>:<reason>
	pressPerson = "person"
	pressHelped = "helped:"
	pressWrong  = "not-helped:"
	pressNone   = "none"
)

// Asked is a shopper's message as the bot sees it.
type Asked struct {
	Text     string
	Pressed  string // value of the button that was pressed; empty for a typed message
	Language string
	Customer bool // the shopper is logged in
	Verdict  faq.Verdict
	Hits     []faq.Hit
	Signals  Signals
}

// Reply is what the bot does.
type Reply struct {
	Text    string
	Buttons []Button
	// Entry is the entry of the FAQ that the text comes from.
	Entry string
	// Helped says whether the reply answers; what does not counts as a failed answer.
	Helped bool
	// Do is what to carry out; the text follows from its result. Of says with what.
	Do Action
	Of string
	// HandOver, when not empty, gives the conversation to a person after the text.
	HandOver Reason
	// Unanswered says that the question goes into the report of questions without an answer.
	Unanswered bool
}

// Respond decides what the bot does with a message. lookUp finds an entry of the FAQ by its id, for a button that was
// pressed. The texts are the FAQ's and this package's; nothing is made up.
func Respond(a Asked, lookUp func(id string) (faq.Answer, bool)) Reply {
	if a.Pressed != "" {
		return a.pressed(lookUp)
	}
	// The text is looked at before the FAQ: somebody who threatens with a lawyer gets a person,
	// whatever the FAQ knows.
	a.Signals.Text, a.Signals.Sure = a.Text, a.Verdict == faq.Sure
	if reason, ok := HandoverReason(a.Signals); ok {
		return Reply{HandOver: reason, Unanswered: reason == FailedTwice}
	}
	if greets(a.Text) {
		return Reply{Text: Say("greeting", a.Language), Buttons: a.menu(), Helped: true}
	}
	switch a.Verdict {
	case faq.Sure:
		return a.answer(a.Hits[0].Answer)
	case faq.Unsure:
		return Reply{Text: Say("unsure", a.Language), Buttons: a.choices()}
	}
	return Reply{Text: Say("unknown", a.Language), HandOver: Unanswerable, Unanswered: true}
}

// pressed answers a button. A value that is not known (an old client) gets the menu.
func (a Asked) pressed(lookUp func(id string) (faq.Answer, bool)) Reply {
	if id, ok := strings.CutPrefix(a.Pressed, pressEntry); ok {
		if entry, found := lookUp(id); found {
			return a.answer(entry)
		}
	}
	if name, ok := strings.CutPrefix(a.Pressed, pressAction); ok && slices.Contains(Actions, Action(name)) {
		return a.act(Action(name))
	}
	if of, ok := strings.CutPrefix(a.Pressed, pressReturn); ok {
		r := a.act(ReturnOrder)
		r.Of = of
		return r
	}
	switch {
	case a.Pressed == pressPerson:
		return Reply{HandOver: AsksPerson}
	case strings.HasPrefix(a.Pressed, pressHelped):
		return Reply{Text: Say("glad", a.Language), Helped: true}
	case strings.HasPrefix(a.Pressed, pressWrong), a.Pressed == pressNone:
		// The second failure in a row goes to a person.
		if a.Signals.Failed > 0 {
			return Reply{HandOver: FailedTwice, Unanswered: true}
		}
		return Reply{Text: Say("unknown", a.Language), Buttons: a.menu(), Unanswered: true}
	}
	return Reply{Text: Say("greeting", a.Language), Buttons: a.menu(), Helped: true}
}

// answer is an entry of the FAQ with its source, what can be done about it, and the question
// whether it helped.
func (a Asked) answer(entry faq.Answer) Reply {
	action := Action(entry.Action)
	// A customer who asks where an order is wants the order and not the explanation.
	if action == OrderStatus && a.Customer {
		return a.act(action)
	}
	// A star in the question would end the italics.
	text := entry.Answer + "\n\n*" + Say("source", a.Language, "question",
		strings.ReplaceAll(entry.Question, "*", "")) + "*"
	r := Reply{Text: text, Entry: entry.ID, Helped: true}
	if action != "" {
		r.Buttons = append(r.Buttons, a.button(action))
	}
	r.Buttons = append(r.Buttons, Button{Label: Say("helped", a.Language), Value: pressHelped + entry.ID},
		Button{Label: Say("not_helped", a.Language), Value: pressWrong + entry.ID})
	return r
}

// act asks for an action, or for a login first: the bot shows data of customers to themselves only.
func (a Asked) act(action Action) Reply {
	if !a.Customer {
		return Reply{Text: Say("log_in_first", a.Language), Buttons: []Button{a.person()}, Helped: true}
	}
	return Reply{Do: action, Helped: true}
}

// button is the choice of an action.
func (a Asked) button(action Action) Button {
	return Button{Label: Say(string(action), a.Language), Value: pressAction + string(action)}
}

// person is the choice that is always there: the way to a person must not be hidden.
func (a Asked) person() Button { return Button{Label: Say("person", a.Language), Value: pressPerson} }

// menu are the actions, for those who are logged in, and the way to a person.
func (a Asked) menu() []Button {
	var buttons []Button
	if a.Customer {
		for _, action := range Actions {
			buttons = append(buttons, a.button(action))
		}
	}
	return append(buttons, a.person())
}

// choices are the entries that may be meant.
func (a Asked) choices() []Button {
	var buttons []Button
	for _, h := range a.Hits {
		buttons = append(buttons, Button{Label: h.Question, Value: pressEntry + h.ID})
	}
	return append(buttons, Button{Label: Say("none_of_these", a.Language), Value: pressNone}, a.person())
}

// PressReturn is the value of a button that goes on with the return of an order; reason may be empty.
func PressReturn(orderID, reason string) string {
	return strings.TrimSuffix(pressReturn+orderID+":"+reason, ":")
}

// Feedback is what a pressed button says about an entry of the FAQ; ok is false for other buttons.
func Feedback(pressed string) (entry string, helped, ok bool) {
	if id, yes := strings.CutPrefix(pressed, pressHelped); yes {
		return id, true, true
	}
	id, no := strings.CutPrefix(pressed, pressWrong)
	return id, false, no
}

// Menu are the buttons under the first message of the bot.
func Menu(language string, customer bool) []Button {
	return Asked{Language: language, Customer: customer}.menu()
}

// greetings are messages that greet or thank and ask nothing, in the form that plain makes.
var greetings = map[string]bool{
	"안녕": true, "안녕하세요": true, "안녕하십니까": true, "하이": true, "감사합니다": true, "고맙습니다": true, "감사해요": true, "고마워요": true,
	"네": true, "넵": true,
	"hi": true, "hello": true, "hey": true, "thanks": true, "thank you": true, "good morning": true, "ok": true,
	"okay": true, "yes": true,
}

// greets reports whether the text is nothing but a greeting.
func greets(text string) bool { return greetings[plain(text)] }
