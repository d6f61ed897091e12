package slacksim

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// content is what a call says a message shall be. A has field tells "sent, and empty" from "not sent".
type content struct {
	text                                            string
	blocks, attachments, metadata                   json.RawMessage // nil if empty
	hasText, hasBlocks, hasAttachments, hasMetadata bool
}

// parseContent reads text, blocks, attachments and metadata and holds them against Slack's limits.
func parseContent(p params, textLimit int) (content, *refusal) {
	c := content{
		text: p["text"], hasText: p["text"] != "",
		hasBlocks: p["blocks"] != "", hasAttachments: p["attachments"] != "", hasMetadata: p["metadata"] != "",
	}
	if !c.hasText && !c.hasBlocks && !c.hasAttachments {
		return c, refuse("no_text")
	}
	if utf8.RuneCountInString(c.text) > textLimit {
		return c, refuse("msg_too_long")
	}
	var refused *refusal
	check := &checker{blockIDs: map[string]bool{}}
	if c.hasBlocks {
		if c.blocks, refused = check.blockList(p["blocks"]); refused != nil {
			return c, refused
		}
	}
	if c.hasAttachments {
		if c.attachments, refused = check.attachmentList(p["attachments"]); refused != nil {
			return c, refused
		}
	}
	if c.hasMetadata {
		if c.metadata, refused = parseMetadata(p["metadata"]); refused != nil {
			return c, refused
		}
	}
	if check.chars > blockChars {
		return c, refuse("msg_blocks_too_long")
	}
	if !c.hasText && c.blocks == nil && c.attachments == nil {
		return c, refuse("no_text")
	}
	return c, nil
}

// parseMetadata checks the shape of docs.slack.dev/messaging/message-metadata: a type, and an object.
// An empty object means no metadata.
func parseMetadata(text string) (json.RawMessage, *refusal) {
	var m struct {
		EventType    string          `json:"event_type"`
		EventPayload json.RawMessage `json:"event_payload"`
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, refuse("invalid_metadata_format")
	}
	payload := strings.TrimSpace(string(m.EventPayload))
	if m.EventType == "" && (payload == "" || payload == "null") {
		return nil, nil
	}
	if m.EventType == "" || !strings.HasPrefix(payload, "{") {
		return nil, refuse("invalid_metadata_schema")
	}
	return encode(map[string]any{"event_type": m.EventType, "event_payload": m.EventPayload}), nil
}

func (k *checker) blockList(text string) (json.RawMessage, *refusal) {
	list, ok := decodeList(text)
	if !ok {
		return nil, refuse("invalid_blocks_format")
	}
	k.blocks("/blocks", list)
	if len(k.problems) > 0 {
		return nil, k.refusal("invalid_blocks")
	}
	if len(list) == 0 {
		return nil, nil
	}
	return encode(list), nil
}

// attachmentList checks attachments. Faulty blocks inside answer invalid_attachments (slack-go issue 826,
// java-slack-sdk issue 415), and blocks go with color and fallback only.
func (k *checker) attachmentList(text string) (json.RawMessage, *refusal) {
	list, ok := decodeList(text)
	if !ok {
		return nil, refuse("invalid_attachments_format")
	}
	k.attachments("/attachments", list)
	if len(k.problems) > 0 {
		return nil, k.refusal("invalid_attachments")
	}
	if len(list) == 0 {
		return nil, nil
	}
	return encode(list), nil
}

// refusal says what is wrong where, as Slack does: in errors, and with [ERROR] in response_metadata.messages.
func (k *checker) refusal(code string) *refusal {
	messages := make([]string, 0, len(k.problems))
	for _, problem := range k.problems {
		messages = append(messages, "[ERROR] "+problem)
	}
	return &refusal{code, answer{"errors": k.problems, "response_metadata": answer{"messages": messages}}}
}

func decodeList(text string) ([]any, bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var list []any
	if err := dec.Decode(&list); err != nil || dec.More() {
		return nil, false
	}
	return list, list != nil
}

// encode makes JSON of values that came from JSON.
func encode(value any) json.RawMessage {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		panic("slacksim: encoding what was decoded: " + err.Error())
	}
	return bytes.TrimSpace(out.Bytes())
}
