package conversation

import (
	"fmt"
	"slices"

	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
)

// Bounds of what is stored, in characters and entries, as the tags of the requests say: messages come by the socket
// too, where no schema looks at them.
const (
	maxName      = 60
	maxRating    = 1000
	maxTags      = 20
	maxTag       = 40
	maxPressed   = 100
	maxFiles     = 5
	maxTeamName  = 80
	maxTeams     = 10
	maxLanguages = 5
	maxLimit     = 20 // conversations of an agent at a time
	maxTitle     = 80 // of a canned answer
)

// CheckClientID requires a client's own id for something that it may send again. Errors: 422 at /clientId.
func CheckClientID(clientID string) error {
	return format.Name("/clientId", clientID, 8, 64, format.Letters("_-"))
}

// CheckMessage holds what is sent besides the text against its bounds. files are the names, keys and types of the
// attachments. Errors: 422 invalid_input.
func CheckMessage(clientID, pressed string, files []File) error {
	var f problem.Fields
	f.Note(CheckClientID(clientID))
	f.Text(pressed, 0, maxPressed, "/pressed")
	f.Count(len(files), 0, maxFiles, "/attachments")
	for i, file := range files {
		at := fmt.Sprintf("/attachments/%d", i)
		f.Text(file.Key, 1, 200, at+"/key")
		f.Text(file.Name, 0, 120, at+"/name")
		f.Text(file.Type, 0, 80, at+"/type")
	}
	return f.Err()
}

// File is what is said of an attachment.
type File struct{ Key, Name, Type string }

// CheckContact holds a shopper's name against its bounds and returns the address at which they can be answered, as it
// is stored; both may be empty. Errors: 422 invalid_input.
func CheckContact(name, email string) (stored string, err error) {
	var f problem.Fields
	f.Text(name, 0, maxName, "/name")
	if email != "" {
		stored, err = format.Email("/email", email)
		f.Note(err)
	}
	return stored, f.Err()
}

// CheckLanguage requires a language that the shop answers in. Errors: 422 at /language.
func CheckLanguage(language string) error {
	var f problem.Fields
	f.OneOf(language, "/language", Languages...)
	return f.Err()
}

// Validate holds a team against its bounds. Errors: 422 invalid_input.
func (t Team) Validate() error {
	var f problem.Fields
	f.Text(t.Name, 1, maxTeamName, "/name")
	f.Count(len(t.Languages), 1, maxLanguages, "/languages")
	if !slices.ContainsFunc(t.Languages, func(l string) bool { return slices.Contains(Languages, l) }) {
		f.Add("/languages", "not_allowed", "ko or en at least")
	}
	// The rules of hours know nothing of the body they are in.
	for _, wrong := range t.Hours.Validate() {
		f.Add("/hours"+wrong.Pointer, wrong.Code, "%s", wrong.Message)
	}
	f.Between(t.Levels.FirstAnswer, 1, maxLevel, "/levels/firstAnswerMinutes")
	f.Between(t.Levels.NextAnswer, 1, maxLevel, "/levels/nextAnswerMinutes")
	f.Between(t.Levels.Unclaimed, 1, maxLevel, "/levels/unclaimedMinutes")
	f.Between(t.Calls.SlotMinutes, 10, 240, "/calls/slotMinutes")
	f.Between(t.Calls.Capacity, 0, 100, "/calls/capacity")
	f.Require(t.Version >= 0, "/version", "too_small", "the version that was read, 0 for a new one")
	return f.Err()
}

// maxLevel is a week of minutes.
const maxLevel = 7 * 24 * 60

// Validate holds what an agent says of themselves against its bounds. Errors: 422 invalid_input.
func (a AgentStatus) Validate() error {
	var f problem.Fields
	f.Text(a.Name, 1, maxName, "/name")
	f.Count(len(a.Teams), 1, maxTeams, "/teams")
	f.Count(len(a.Languages), 1, maxLanguages, "/languages")
	f.Between(a.Limit, 1, maxLimit, "/limit")
	return f.Err()
}

// CheckCanned holds a canned answer against its bounds. Errors: 422 invalid_input.
func CheckCanned(title, language, text string) error {
	var f problem.Fields
	f.Text(title, 1, maxTitle, "/title")
	f.OneOf(language, "/language", Languages...)
	f.Text(text, 1, MaxText, "/text")
	return f.Err()
}

// CheckTags holds a conversation's tags against their bounds. Errors: 422 invalid_input.
func CheckTags(tags []string) error {
	var f problem.Fields
	f.Count(len(tags), 0, maxTags, "/tags")
	for i, tag := range tags {
		f.Text(tag, 1, maxTag, fmt.Sprintf("/tags/%d", i))
	}
	return f.Err()
}

// CheckRating holds a shopper's rating against its bounds. Errors: 422 invalid_input.
func CheckRating(score int, note string) error {
	var f problem.Fields
	f.Between(score, 1, 5, "/score")
	f.Text(note, 0, maxRating, "/note")
	return f.Err()
}
