package conversation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/conversation"
	"dangol/shared/platform/problem"
)

// pointers are the fields that a problem names.
func pointers(err error) (all []string) {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		for _, f := range p.Fields {
			all = append(all, f.Pointer)
		}
	}
	return all
}

// long is a text of so many characters, of three bytes each.
func long(n int) string { return strings.Repeat("글", n) }

func TestTheBoundsOfWhatIsStored(t *testing.T) {
	t.Parallel()
	file := func(change func(*conversation.File)) []conversation.File {
		f := conversation.File{Key: "chat/1/a", Name: "a.png", Type: "image/png"}
		change(&f)
		return []conversation.File{f}
	}
	changed := func(change func(*conversation.Team)) error {
		x := team()
		change(&x)
		return x.Validate()
	}
	staff := func(change func(*conversation.AgentStatus)) error {
		a := agent("a", monday)
		change(&a)
		return a.Validate()
	}
	const id = "client-01"
	for _, test := range []struct {
		name string
		err  error
		want string // the one field that is wrong, "" when none is
	}{
		{"a client's id of 8", conversation.CheckClientID("a_B-5678"), ""},
		{"a client's id of 7", conversation.CheckClientID("a_B-567"), "/clientId"},
		{"a client's id of 64", conversation.CheckClientID(strings.Repeat("a", 64)), ""},
		{"a client's id of 65", conversation.CheckClientID(strings.Repeat("a", 65)), "/clientId"},
		{"a client's id with a hash", conversation.CheckClientID("client#01"), "/clientId"},
		{"a client's id with a line break", conversation.CheckClientID("client\n01"), "/clientId"},
		{"a button of 100", conversation.CheckMessage(id, long(100), nil), ""},
		{"a button of 101", conversation.CheckMessage(id, long(101), nil), "/pressed"},
		{"five files", conversation.CheckMessage(id, "", slices.Repeat(file(func(*conversation.File) {}), 5)), ""},
		{"six files", conversation.CheckMessage(id, "", slices.Repeat(file(func(*conversation.File) {}), 6)), "/attachments"},
		{"a file without a key", conversation.CheckMessage(id, "", file(func(f *conversation.File) { f.Key = "" })),
			"/attachments/0/key"},
		{"a file's name of 121", conversation.CheckMessage(id, "", file(func(f *conversation.File) { f.Name = long(121) })),
			"/attachments/0/name"},
		{"a file's type of 81", conversation.CheckMessage(id, "", file(func(f *conversation.File) { f.Type = long(81) })),
			"/attachments/0/type"},
		{"a language without texts", conversation.CheckLanguage("fr"), "/language"},
		{"no language", conversation.CheckLanguage(""), "/language"},
		{"a title of 80", conversation.CheckCanned(long(80), "ko", "x"), ""},
		{"a title of 81", conversation.CheckCanned(long(81), "ko", "x"), "/title"},
		{"a canned answer of 4,001", conversation.CheckCanned("t", "en", long(conversation.MaxText+1)), "/text"},
		{"twenty tags", conversation.CheckTags(slices.Repeat([]string{"a"}, 20)), ""},
		{"21 tags", conversation.CheckTags(slices.Repeat([]string{"a"}, 21)), "/tags"},
		{"an empty tag", conversation.CheckTags([]string{"a", ""}), "/tags/1"},
		{"a tag of 41", conversation.CheckTags([]string{long(41)}), "/tags/0"},
		{"the ordinary team", changed(func(*conversation.Team) {}), ""},
		{"a team without a name", changed(func(x *conversation.Team) { x.Name = "" }), "/name"},
		{"a team that speaks no language of the shop",
			changed(func(x *conversation.Team) { x.Languages = []string{"fr"} }), "/languages"},
		{"a team that speaks one of them", changed(func(x *conversation.Team) { x.Languages = []string{"fr", "en"} }), ""},
		{"a zone that does not exist", changed(func(x *conversation.Team) { x.Hours.Zone = "Mars/Olympus" }), "/hours/zone"},
		{"a level of no time", changed(func(x *conversation.Team) { x.Levels.NextAnswer = 0 }), "/levels/nextAnswerMinutes"},
		{"a level of a week", changed(func(x *conversation.Team) { x.Levels.FirstAnswer = 10080 }), ""},
		{"a level of more", changed(func(x *conversation.Team) { x.Levels.Unclaimed = 10081 }), "/levels/unclaimedMinutes"},
		{"slots of 9 minutes", changed(func(x *conversation.Team) { x.Calls.SlotMinutes = 9 }), "/calls/slotMinutes"},
		{"no calls at all", changed(func(x *conversation.Team) { x.Calls.Capacity = 0 }), ""},
		{"fewer than no calls", changed(func(x *conversation.Team) { x.Calls.Capacity = -1 }), "/calls/capacity"},
		{"a version before the first", changed(func(x *conversation.Team) { x.Version = -1 }), "/version"},
		{"an agent", staff(func(*conversation.AgentStatus) {}), ""},
		{"an agent without a team", staff(func(a *conversation.AgentStatus) { a.Teams = nil }), "/teams"},
		{"an agent of no conversations", staff(func(a *conversation.AgentStatus) { a.Limit = 0 }), "/limit"},
		{"an agent of 21 conversations", staff(func(a *conversation.AgentStatus) { a.Limit = 21 }), "/limit"},
	} {
		got := pointers(test.err)
		if test.want == "" && test.err != nil || test.want != "" && !slices.Equal(got, []string{test.want}) {
			t.Errorf("%s: %v at %v, want %q", test.name, test.err, got, test.want)
		}
	}
}

func TestHowAShopperCanBeReachedIsStored(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, email, stored, wrong string }{
		{"", "", "", ""},
		{"Gil", "", "", ""},
		{long(60), "gil@example.com", "gil@example.com", ""},
		{long(61), "", "", "/name"},
		{"Gil", "gil", "", "/email"},
		{"Gil", "gil@example.com, eve@example.com", "", "/email"},
		{"Gil", "gil@example.com\r\nBcc: eve@example.com", "", "/email"},
	} {
		email, err := conversation.CheckContact(test.name, test.email)
		if got := pointers(err); test.wrong != "" {
			if !slices.Equal(got, []string{test.wrong}) {
				t.Errorf("%q %q: %v", test.name, test.email, err)
			}
			continue
		}
		if err != nil || email != test.stored {
			t.Errorf("%q %q: stored %q, %v", test.name, test.email, email, err)
		}
	}
}

func TestALineOfTheInboxShowsTheBeginning(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "", 80: long(80), 81: long(80) + "…"} {
		if got := begin(monday).Card(long(n)).Preview; got != want {
			t.Errorf("of %d characters it shows %q", n, got)
		}
	}
}

// The figures of a period are those of its parts added up, and no quantile is a time that nobody waited.
func TestFiguresOfAnyConversations(t *testing.T) {
	t.Parallel()
	card := rapid.Custom(func(t *rapid.T) conversation.ConversationSummary {
		minute := func(name string, from int) time.Time {
			return monday.Add(time.Duration(rapid.IntRange(from, from+500).Draw(t, name)) * time.Minute)
		}
		c := conversation.ConversationSummary{
			CreatedAt: minute("created", 0), Answers: rapid.IntRange(0, 2).Draw(t, "answers"),
			Rating: rapid.IntRange(0, 5).Draw(t, "rating"),
			Reason: rapid.SampledFrom([]conversation.Reason{"", conversation.Legal, conversation.Refund}).Draw(t, "reason"),
			Tags:   rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, 2).Draw(t, "tags"),
		}
		if c.Reason != "" {
			c.FirstQueuedAt = minute("queued", 500)
			c.FirstAnswerAt = minute("answered", 0) // also before, as after a conversation was given back
		}
		if rapid.Bool().Draw(t, "ended") {
			c.ClosedAt = minute("closed", 1000)
		}
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		cards := rapid.SliceOf(card).Draw(t, "cards")
		cut := rapid.IntRange(0, len(cards)).Draw(t, "cut")
		whole := conversation.Summarize(cards, time.UTC)
		first, second := conversation.Summarize(cards[:cut], time.UTC), conversation.Summarize(cards[cut:], time.UTC)
		sums := func(f conversation.ConversationFigures) []int {
			out := append([]int{f.Conversations, f.Deflected, f.HandedOver, f.Open, f.Ratings, f.Tags["a"], f.Tags["b"],
				f.Reasons[conversation.Legal], f.Reasons[conversation.Refund]}, f.ByHour[:]...)
			return out
		}
		a, b := sums(first), sums(second)
		for i, got := range sums(whole) {
			if got != a[i]+b[i] {
				t.Fatalf("sum %d is %d, its parts %d and %d", i, got, a[i], b[i])
			}
		}
		if whole.DeflectionRate < 0 || whole.DeflectionRate > 1 || whole.HandoverRate < 0 || whole.HandoverRate > 1 ||
			whole.Ratings > 0 && (whole.Satisfaction < 1 || whole.Satisfaction > 5) {
			t.Fatalf("rates %+v", whole)
		}
		var waits []int
		for _, c := range cards {
			if !c.FirstAnswerAt.IsZero() {
				waits = append(waits, max(0, int(c.FirstAnswerAt.Sub(c.FirstQueuedAt).Seconds())))
			}
		}
		for _, q := range []struct{ percent, got int }{{50, whole.FirstAnswerMedian}, {90, whole.FirstAnswerP90}} {
			within := 0
			for _, w := range waits {
				if w <= q.got {
					within++
				}
			}
			if len(waits) == 0 && q.got != 0 || len(waits) > 0 && !slices.Contains(waits, q.got) ||
				within*100 < q.percent*len(waits) {
				t.Fatalf("%d%% is %d of %v", q.percent, q.got, waits)
			}
		}
	})
}
