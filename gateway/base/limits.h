/* Every named maximum that more than one room needs, with the reason for each number. A limit that one file alone needs
 * stands at the top of that file. */
#ifndef WG_BASE_LIMITS_H
#define WG_BASE_LIMITS_H

/* One message as handed in. A report with a photograph is 1 to 5 MB; mail servers commonly stop at 25 MB. */
#define WG_LIMIT_MESSAGE ((size_t)16 * 1024 * 1024)
/* What a reader may write: fields repeat the text of a document, escaped. */
#define WG_LIMIT_READER_OUTPUT ((size_t)24 * 1024 * 1024)
/* One notice as XML: text of a form, attachments excepted. */
#define WG_LIMIT_NOTICE ((size_t)2 * 1024 * 1024)
/* One sealed envelope: a message, signed and encrypted, base64 twice. */
#define WG_LIMIT_ENVELOPE ((size_t)48 * 1024 * 1024)
/* One frame on the store's socket: an envelope and what describes it. */
#define WG_LIMIT_FRAME (WG_LIMIT_ENVELOPE + (size_t)1024 * 1024)
/* A configuration, policy, directory, map or schema file: written by people. */
#define WG_LIMIT_CONFIG_FILE ((size_t)4 * 1024 * 1024)
/* Recipients of one notice: the longest protocol list (requirements section 4) has 33 roles. */
#define WG_LIMIT_RECIPIENTS 64
/* Depth of XML elements: the notice schema needs 8. */
#define WG_LIMIT_XML_DEPTH 64
/* Elements and attributes of one XML document. */
#define WG_LIMIT_XML_NODES 200000
/* Fields one reader may report: the longest form has some 120 boxes; a bulk table is cut into rows first. */
#define WG_LIMIT_FIELDS 5000
/* One document inside another (an attachment, a row of a table): libxml2 takes texts of 10 MB, and base64 adds a third.
 */
#define WG_LIMIT_DOCUMENT ((size_t)7 * 1024 * 1024)
/* A picture within a text up to this size is a logo or a line drawn under a name; portraits that people paste have
 * more.
 */
#define WG_LIMIT_LOGO ((size_t)48 * 1024)
/* Documents that one may hold: a year of episodes of a large council is some 2,000 rows. */
#define WG_LIMIT_DOCUMENTS 2000
/* RFC 5321 4.5.3.1: local part 64, domain 255, path 256 with its brackets. */
#define WG_LIMIT_ADDRESS 254
/* A reference (id, organisation, desk), an @ and a domain; a header line may have 998 (RFC 5322 section 2.1.1). */
#define WG_LIMIT_MESSAGE_ID 512
/* Organisation, desk, rule, category and role names are XML tokens of our own. */
#define WG_LIMIT_NAME 64

#endif
