package scheduler

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Definition is a schedule as the API describes it.
type Definition struct {
	Name                       string
	GroupName                  string `json:",omitempty"` // empty is "default"
	ScheduleExpression         string
	ScheduleExpressionTimezone string         `json:",omitempty"` // IANA; empty is UTC
	StartDate                  Epoch          `json:",omitzero"`
	EndDate                    Epoch          `json:",omitzero"`
	State                      string         `json:",omitempty"` // ENABLED or DISABLED; empty is ENABLED
	ActionAfterCompletion      string         `json:",omitempty"` // NONE or DELETE; empty is NONE
	Description                string         `json:",omitempty"`
	FlexibleTimeWindow         FlexibleWindow // invocations are made at its beginning
	Target                     Target
}

// FlexibleWindow is how late an invocation may be.
type FlexibleWindow struct {
	Mode                   string // OFF or FLEXIBLE
	MaximumWindowInMinutes int    `json:",omitempty"`
}

// Target is what a schedule invokes.
type Target struct {
	Arn              string // of a function; the runner invokes it by its name
	RoleArn          string
	Input            string            `json:",omitempty"` // JSON
	RetryPolicy      *RetryPolicy      `json:",omitempty"`
	DeadLetterConfig map[string]string `json:",omitempty"`
}

// RetryPolicy says how often to try again.
type RetryPolicy struct {
	MaximumEventAgeInSeconds *int `json:",omitempty"`
	MaximumRetryAttempts     *int `json:",omitempty"`
}

// Epoch is a time as the API writes it: seconds since 1970.
type Epoch struct{ time.Time }

// MarshalJSON writes whole seconds.
func (e Epoch) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, e.Unix(), 10), nil }

// UnmarshalJSON reads seconds, with a fraction or without.
func (e *Epoch) UnmarshalJSON(raw []byte) error {
	seconds, err := strconv.ParseFloat(string(raw), 64)
	whole, part := math.Modf(seconds)
	e.Time = time.Unix(int64(whole), int64(part*1e9)).UTC()
	return err
}

// group is the group's name; Scheduler's own is "default".
func (d Definition) group() string { return cmp.Or(d.GroupName, "default") }

// key names a schedule: names are unique within a group.
func (d Definition) key() string { return d.group() + "/" + d.Name }

// arn is the schedule's resource name, which events show as their source.
func (d Definition) arn() string {
	return "arn:aws:scheduler:" + Region + ":" + Account + ":schedule/" + d.key()
}

// equal compares in the form that is stored, so that nil and empty mean the same.
func (d Definition) equal(o Definition) bool {
	a, errA := json.Marshal(d)
	b, errB := json.Marshal(o)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// function matches the ARN of a function, with or without a version, and gives its name.
var function = regexp.MustCompile(`^arn:[a-z-]+:lambda:[a-z0-9-]*:\d*:function:([A-Za-z0-9_-]+)(:[A-Za-z0-9_$-]+)?$`)

// queue matches the ARN of a queue.
var queue = regexp.MustCompile(`^arn:[a-z-]+:sqs:[a-z0-9-]+:\d+:[A-Za-z0-9_-]+$`)

// function is the name of the target, which check has matched.
func (d Definition) function() string { return function.FindStringSubmatch(d.Target.Arn)[1] }

// The shapes and words that the API accepts.
var (
	nameShape = regexp.MustCompile(`^[0-9a-zA-Z-_.]{1,64}$`)
	states    = []string{"", "ENABLED", "DISABLED"}
	actions   = []string{"", "NONE", "DELETE"}
	modes     = []string{"OFF", "FLEXIBLE"}
)

// check refuses what Scheduler would refuse, so that a mistake shows on a laptop.
func (d Definition) check() error {
	switch {
	case !nameShape.MatchString(d.Name) || !nameShape.MatchString(d.group()):
		return invalid("a name has 1 to 64 letters, digits, - _ or .")
	case !slices.Contains(states, d.State) || !slices.Contains(actions, d.ActionAfterCompletion):
		return invalid("State must be ENABLED or DISABLED, ActionAfterCompletion NONE or DELETE")
	case !slices.Contains(modes, d.FlexibleTimeWindow.Mode):
		return invalid("FlexibleTimeWindow.Mode must be OFF or FLEXIBLE")
	case !function.MatchString(d.Target.Arn):
		return invalid("Provided Arn is not in correct format: locally only functions are targets, not " + d.Target.Arn)
	case len(d.Target.DeadLetterConfig) > 0 && !queue.MatchString(d.Target.DeadLetterConfig["Arn"]):
		return invalid("DeadLetterConfig.Arn must be that of an SQS queue, not " + d.Target.DeadLetterConfig["Arn"])
	case d.Target.RoleArn == "":
		return invalid("Target.RoleArn is missing")
	case d.Target.Input != "" && !json.Valid([]byte(d.Target.Input)):
		return invalid("Input for target is not valid JSON")
	case !d.EndDate.IsZero() && !d.EndDate.After(d.StartDate.Time):
		return invalid("EndDate must be after StartDate")
	}
	return nil
}

// failure is an error of the Scheduler API.
type failure struct {
	status        int
	code, message string
}

// Error has the code first, as the SDK prints it.
func (f *failure) Error() string { return f.code + ": " + f.message }

// invalid is the error for a wrong parameter.
func invalid(message string) error {
	return &failure{http.StatusBadRequest, "ValidationException", message}
}

// missing is the error for a schedule that does not exist.
func missing(key string) error {
	return &failure{http.StatusNotFound, "ResourceNotFoundException", "Schedule " + key + " does not exist."}
}

// ServeHTTP answers the calls for schedules.
func (s *Scheduler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.answer(r)
	w.Header().Set("Content-Type", "application/json")
	if err == nil {
		_ = json.NewEncoder(w).Encode(answer)
		return
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = &failure{http.StatusInternalServerError, "InternalServerException", err.Error()}
	}
	w.Header().Set("X-Amzn-ErrorType", f.code)
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Message": f.message})
}

// request is the body of a create or update.
type request struct {
	Definition
	ClientToken string
}

// answer runs one call. Reads and deletes name the schedule in path and query, writes have a body.
func (s *Scheduler) answer(r *http.Request) (any, error) {
	name, found := strings.CutPrefix(r.URL.Path, "/schedules")
	if !found {
		return nil, &failure{http.StatusNotFound, "UnknownOperationException", r.URL.Path + " is not served locally"}
	}
	name = strings.TrimPrefix(name, "/")
	query := r.URL.Query()
	named := Definition{Name: name, GroupName: query.Get("groupName")}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case name == "" && r.Method == http.MethodGet:
		return s.list(query.Get("ScheduleGroup"), query.Get("NamePrefix"), query.Get("State"), query.Get("NextToken"),
			query.Get("MaxResults"))
	case r.Method == http.MethodGet:
		return s.get(named.key())
	case r.Method == http.MethodDelete:
		return struct{}{}, s.delete(named.key(), query.Get("clientToken"))
	case r.Method != http.MethodPost && r.Method != http.MethodPut:
		return nil, invalid("method " + r.Method)
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return nil, invalid("unreadable body")
	}
	var in request
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, invalid("the body is no schedule: " + err.Error())
	}
	in.Name = name
	return s.write(in, r.Method == http.MethodPost)
}

// write creates or updates. A create that is repeated with its token, as the SDK does when an
// answer was lost, gets the first answer.
func (s *Scheduler) write(in request, create bool) (any, error) {
	known := s.schedules[in.key()]
	switch {
	case create && known != nil && in.ClientToken != "" && known.Token == in.ClientToken:
		return map[string]string{"ScheduleArn": in.arn()}, nil
	case create && known != nil:
		return nil, &failure{http.StatusConflict, "ConflictException", "Schedule " + in.Name + " already exists."}
	case !create && known == nil:
		return nil, missing(in.key())
	}
	if err := s.set(in.Definition, in.ClientToken); err != nil {
		return nil, err
	}
	return map[string]string{"ScheduleArn": in.arn()}, nil
}

// delete removes a schedule. A repetition with the same token succeeds, as with create.
func (s *Scheduler) delete(key, token string) error {
	e := s.schedules[key]
	if e == nil && token != "" && s.deleted[key] == token {
		return nil
	}
	if e == nil {
		return missing(key)
	}
	s.deleted[key] = token
	return s.drop(e)
}

// described is a schedule as GetSchedule shows it.
type described struct {
	Definition
	Arn                  string
	CreationDate         Epoch
	LastModificationDate Epoch
}

// describe fills in the defaults that the API shows.
func (e *schedule) describe() described {
	d := e.Definition
	d.GroupName, d.State = d.group(), cmp.Or(d.State, "ENABLED")
	d.ActionAfterCompletion = cmp.Or(d.ActionAfterCompletion, "NONE")
	d.ScheduleExpressionTimezone = cmp.Or(d.ScheduleExpressionTimezone, "UTC")
	return described{d, d.arn(), Epoch{e.Created}, Epoch{e.Modified}}
}

// get reads one schedule.
func (s *Scheduler) get(key string) (any, error) {
	e := s.schedules[key]
	if e == nil {
		return nil, missing(key)
	}
	return e.describe(), nil
}

// list pages by name: the token is the key of the last schedule of the page.
func (s *Scheduler) list(group, prefix, state, token, limit string) (any, error) {
	most := 100
	if limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > most {
			return nil, invalid("MaxResults must be 1 to 100")
		}
		most = n
	}
	page := struct {
		Schedules []described
		NextToken string `json:",omitempty"`
	}{Schedules: []described{}}
	for _, key := range slices.Sorted(maps.Keys(s.schedules)) {
		d := s.schedules[key].describe()
		if key <= token || group != "" && d.GroupName != group || state != "" && d.State != state ||
			!strings.HasPrefix(d.Name, prefix) {
			continue
		}
		if len(page.Schedules) == most {
			page.NextToken = page.Schedules[most-1].key()
			break
		}
		page.Schedules = append(page.Schedules, d)
	}
	return page, nil
}
