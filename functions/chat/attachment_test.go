package chat_test

import (
	"testing"

	"dangol/infra/testkit/apitest"
)

// Nobody may name a file that was not prepared for the conversation. One that no address can be made of would keep the
// agent from reading the conversation, and the shop from erasing it.
func TestAMessageNamesOnlyFilesThatWerePreparedForItsConversation(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	var mine, other started
	ann.Do("POST", "/chat/conversations", map[string]any{"language": "en"}).Want(201).Into(&mine)
	ann.Do("POST", "/chat/conversations", map[string]any{"language": "en"}).Want(201).Into(&other)
	folder := "chat/" + mine.Conversation.ID + "/"
	path := "/chat/conversations/" + mine.Conversation.ID + "/messages"
	for _, key := range []string{
		folder, folder + "%zz", folder + "file_1", folder + "../" + other.Conversation.ID + "/file_01k9x7d3f8q7m2kabcdefgh",
		folder + "file_01k9x7d3f8q7m2kabcdefghjkm?versionId=1", folder + "file_01K9X7D3F8Q7M2KABCDEFGHJKM",
		"chat/" + other.Conversation.ID + "/file_01k9x7d3f8q7m2kabcdefghjkm", "reviews/file_01k9x7d3f8q7m2kabcdefghjkm",
	} {
		ann.Do("POST", path, map[string]any{"clientId": "client-01", "text": "a person please",
			"attachments": []any{map[string]any{"key": key, "name": "a.png", "type": "image/png", "size": 100}}}).
			WantField("/attachments/0/key")
	}
	ann.Do("GET", path, nil).Want(200)
}
