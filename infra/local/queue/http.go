package queue

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of SQS. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const (
	maxBytes   = 1 << 20
	maxEntries = 10
	maxDelay   = 900   // seconds
	maxHide    = 43200 // seconds
)

// failure is an SQS error: the shape name, what the older query protocol calls it, and a sentence.
type failure struct{ code, query, message string }

// Error has the code first, as the SDK prints it.
func (f *failure) Error() string { return f.code + ": " + f.message }

// missing is the error for a queue that is not in the topology.
func missing(url string) error {
	return &failure{"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
		"The specified queue does not exist: " + url}
}

// invalid is the error for a parameter out of range.
func invalid(message string) error {
	return &failure{"InvalidParameterValue", "InvalidParameterValue", message}
}

// batchFailure is the error of a batch as a whole.
func batchFailure(code, message string) error {
	return &failure{code, "AWS.SimpleQueueService." + code, message}
}

// request has the fields of all operations; each reads its own.
type request struct {
	QueueUrl            string
	QueueName           string
	AttributeNames      []string
	MaxNumberOfMessages int
	VisibilityTimeout   *int
	ReceiptHandle       string
	Entries             []entry
	// A single message has the fields of an entry in the request itself.
	entry
}

// entry is one message to be sent, alone or in a batch.
type entry struct {
	Id                string
	MessageBody       string
	DelaySeconds      int
	MessageGroupId    string
	MessageAttributes map[string]attribute
}

// ServeHTTP answers the SQS calls in the AWS JSON 1.0 protocol, at any path.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.answer(r)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if err == nil {
		_ = json.NewEncoder(w).Encode(answer)
		return
	}
	f, ok := errors.AsType[*failure](err)
	status := http.StatusBadRequest
	if !ok {
		f, status = &failure{"InternalError", "InternalFailure", err.Error()}, http.StatusInternalServerError
	}
	// Clients of the older protocol read the code here.
	w.Header().Set("X-Amzn-Query-Error", f.query+";Sender")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.sqs#" + f.code, "message": f.message})
}

// answer finds the queue and runs the operation. Only what the shop uses is served, and everything
// else says so.
func (s *Service) answer(r *http.Request) (any, error) {
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	if !ok {
		return nil, invalid("no X-Amz-Target of SQS")
	}
	// A batch in Base64 is larger than its messages; more than this is no request.
	raw, err := io.ReadAll(io.LimitReader(r.Body, 2*maxBytes*maxEntries))
	if err != nil {
		return nil, invalid("unreadable body")
	}
	var in request
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, invalid("the body is no JSON object: " + err.Error())
	}
	// A queue URL ends with the name.
	name := path.Base(in.QueueUrl)
	if operation == "GetQueueUrl" {
		name = in.QueueName
	}
	// Only for the look-up: each operation takes the lock itself.
	s.mu.Lock()
	b := s.box(name)
	s.mu.Unlock()
	if b == nil {
		return nil, missing(name)
	}
	switch operation {
	case "GetQueueUrl":
		return map[string]string{"QueueUrl": "http://" + r.Host + "/" + Account + "/" + name}, nil
	case "GetQueueAttributes":
		return map[string]any{"Attributes": s.attributes(b)}, nil
	case "SendMessage":
		return s.sendOne(b, in.entry)
	case "SendMessageBatch":
		return s.sendBatch(b, in.Entries)
	case "ReceiveMessage":
		return s.receiveMessage(b, in)
	case "DeleteMessage":
		return struct{}{}, s.deleteMessage(b, in.ReceiptHandle)
	}
	return nil, &failure{"UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation",
		operation + " is not served locally"}
}

// check applies the limits of SQS to one message.
func (e entry) check() error {
	switch {
	case e.MessageBody == "":
		return &failure{"MissingParameter", "MissingParameter", "The request must contain the parameter MessageBody."}
	case len(e.MessageBody) > maxBytes:
		return invalid("One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.")
	// SQS takes what XML 1.0 allows.
	case !utf8.ValidString(e.MessageBody) || strings.ContainsRune(e.MessageBody, 0):
		return &failure{"InvalidMessageContents", "InvalidMessageContents",
			"The message contains characters outside the allowed set."}
	case e.DelaySeconds < 0 || e.DelaySeconds > maxDelay:
		return invalid("Value " + strconv.Itoa(e.DelaySeconds) +
			" for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.")
	}
	return nil
}

// sendOne sends one message.
func (s *Service) sendOne(b *box, e entry) (any, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := message{Body: e.MessageBody, Attributes: e.MessageAttributes, Group: e.MessageGroupId}
	sent, err := s.send(b, m, time.Duration(e.DelaySeconds)*time.Second)
	if err != nil {
		return nil, err
	}
	return map[string]string{"MessageId": sent.ID, "MD5OfMessageBody": checksum(e.MessageBody), "Id": e.Id}, nil
}

// sendBatch sends up to ten; each is refused on its own.
func (s *Service) sendBatch(b *box, entries []entry) (any, error) {
	var size int
	ids := map[string]bool{}
	for _, e := range entries {
		size += len(e.MessageBody)
		ids[e.Id] = true
	}
	switch {
	case len(entries) == 0:
		return nil, batchFailure("EmptyBatchRequest",
			"There should be at least one SendMessageBatchRequestEntry in the request.")
	case len(entries) > maxEntries:
		return nil, batchFailure("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10.")
	// The map is smaller when an id comes twice.
	case len(ids) < len(entries):
		return nil, batchFailure("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
	case size > maxBytes:
		return nil, batchFailure("BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes.")
	}
	successful, failed := []any{}, []any{}
	for _, e := range entries {
		sent, err := s.sendOne(b, e)
		// A wrong message does not stop the others.
		f, refused := errors.AsType[*failure](err)
		switch {
		case refused:
			failed = append(failed, map[string]any{"Id": e.Id, "Code": f.code, "Message": f.message, "SenderFault": true})
		case err != nil:
			return nil, err
		default:
			successful = append(successful, sent)
		}
	}
	return map[string]any{"Successful": successful, "Failed": failed}, nil
}

// receiveMessage serves tests and pages; functions get their messages through deliver.
func (s *Service) receiveMessage(b *box, in request) (any, error) {
	limit := max(in.MaxNumberOfMessages, 1)
	hide := b.Visibility
	if in.VisibilityTimeout != nil {
		hide = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	// As SQS refuses them, so that a mistake is noticed on a laptop.
	if limit > maxEntries || hide < 0 || hide > maxHide*time.Second {
		return nil, invalid("MaxNumberOfMessages must be 1 to 10, VisibilityTimeout 0 to 43200.")
	}
	batch, err := s.receive(b, limit, hide)
	if err != nil {
		return nil, err
	}
	var messages []any
	for _, m := range batch {
		messages = append(messages, map[string]any{
			"MessageId": m.ID, "ReceiptHandle": m.Handle, "Body": m.Body, "MD5OfBody": checksum(m.Body),
			"Attributes": m.system(), "MessageAttributes": m.Attributes,
		})
	}
	return map[string]any{"Messages": messages}, nil
}

// deleteMessage accepts the handle of the last receive only: an older one belongs to a receiver
// that was too slow.
func (s *Service) deleteMessage(b *box, handle string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range b.messages {
		if m.Handle == handle && handle != "" {
			return s.remove(b, m.ID)
		}
	}
	// SQS answers an unknown handle with success.
	return nil
}

// attributes are the figures that the console and the tests look at.
func (s *Service) attributes(b *box) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	visible, hidden, delayed := b.depth(s.options.Clock.Now())
	out := map[string]string{
		"QueueArn":                              ARN(b.Name),
		"ApproximateNumberOfMessages":           strconv.Itoa(visible),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(hidden),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(delayed),
		"VisibilityTimeout":                     strconv.Itoa(int(b.Visibility.Seconds())),
	}
	if b.DeadLetter != "" {
		out["RedrivePolicy"] = `{"deadLetterTargetArn":"` + ARN(b.DeadLetter) + `","maxReceiveCount":` +
			strconv.Itoa(b.MaxReceives) + `}`
	}
	return out
}
