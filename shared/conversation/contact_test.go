package conversation_test

import (
	"testing"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/verification"
)

// leave leaves an address with the code 123456.
func leave(t *testing.T, c conversation.Conversation, email, account string) (conversation.Conversation, bool) {
	t.Helper()
	after, send, err := c.Leave(email, account, "123456", monday)
	if err != nil {
		t.Fatal(err)
	}
	return after, send
}

func TestWhichAddressIsProvedAndWhichIsSentACode(t *testing.T) {
	t.Parallel()
	fresh := begin(monday)
	proved, _ := leave(t, fresh, "bora@example.com", "")
	proved, err := proved.ProveEmail("123456", monday)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name           string
		before         conversation.Conversation
		email, account string
		send           bool
		proved         string
	}{
		{"a guest's address", fresh, "bora@example.com", "", true, ""},
		{"the account's own", fresh, "bora@example.com", "bora@example.com", false, "bora@example.com"},
		{"the account's own in capitals", fresh, "Bora@Example.com", "bora@example.com", false, "Bora@Example.com"},
		{"another one than the account's", fresh, "eve@example.com", "bora@example.com", true, ""},
		{"the proved one again", proved, "bora@example.com", "", false, "bora@example.com"},
		{"another one after it was proved", proved, "eve@example.com", "", true, ""},
	} {
		after, send := leave(t, test.before, test.email, test.account)
		if send != test.send || after.ProvedEmail() != test.proved || after.Email != test.email {
			t.Errorf("%s: send %v, proved %q, want %v, %q", test.name, send, after.ProvedEmail(), test.send, test.proved)
		}
	}
}

func TestAnAddressIsProvedByItsCode(t *testing.T) {
	t.Parallel()
	waiting, _ := leave(t, begin(monday), "bora@example.com", "")
	moved := waiting
	moved.Email = "eve@example.com" // the code belongs to the address that it was sent to
	for _, test := range []struct {
		name  string
		c     conversation.Conversation
		typed string
		after time.Duration
		want  string
	}{
		{"the code", waiting, "123456", 0, ""},
		{"with a space", waiting, "123 456", 0, ""},
		{"a wrong code", waiting, "654321", 0, "code_wrong"},
		{"too late", waiting, "123456", verification.Life, "code_expired"},
		{"without an address", begin(monday), "123456", 0, "address_missing"},
		{"for another address", moved, "123456", 0, "code_wrong"},
	} {
		after, err := test.c.ProveEmail(test.typed, monday.Add(test.after))
		if code(err) != test.want || (err == nil) != (after.ProvedEmail() != "") {
			t.Errorf("%s: %v, proved %q", test.name, err, after.ProvedEmail())
		}
	}
	for range verification.MaxWrong {
		waiting, _ = waiting.ProveEmail("000000", monday)
	}
	if _, err := waiting.ProveEmail("123456", monday); code(err) != "code_used_up" {
		t.Errorf("after five wrong codes: %v", err)
	}
}

func TestWhereMailsOfAConversationGo(t *testing.T) {
	t.Parallel()
	typed, _ := leave(t, begin(monday), "bora@example.com", "")
	proved, err := typed.ProveEmail("123456", monday)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		c       conversation.Conversation
		account string
		want    string
		refused string
	}{
		{"an address that was only typed", typed, "", "", "address_not_proved"},
		{"the proved one", proved, "", "bora@example.com", ""},
		{"the proved one, not the account's", proved, "cus@example.com", "bora@example.com", ""},
		{"the account's, not the typed one", typed, "cus@example.com", "cus@example.com", ""},
		{"nothing known", begin(monday), "", "", "address_not_proved"},
	} {
		if to, err := test.c.Mailbox(test.account); to != test.want || code(err) != test.refused {
			t.Errorf("%s: %q, %v", test.name, to, err)
		}
	}
}

func TestAnAddressIsLeftUntilTheConversationCannotBeReopened(t *testing.T) {
	t.Parallel()
	change, err := begin(monday).Close(conversation.Shopper, "", team(), monday)
	closed := after(t, change, err)
	if _, _, err := closed.Leave("bora@example.com", "", "123456", monday.Add(time.Hour)); err != nil {
		t.Errorf("an hour after the end: %v", err)
	}
	_, _, err = closed.Leave("bora@example.com", "", "123456", monday.Add(conversation.ReopenWindow))
	if code(err) != "conversation_closed" {
		t.Errorf("a week after the end: %v", err)
	}
}
