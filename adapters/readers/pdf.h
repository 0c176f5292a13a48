/* A PDF form into labelled fields.
 *
 * What is read: the answers of its form (AcroForm), as the program that filled it in stored them. What is printed on
 * the pages is not read, so the form's sections and guidance stay unseen, and whatever somebody wrote over a page by a
 * tool that turns it into print cannot be seen at all. Notes, stamps and drawings laid over a page call a person.
 *
 * What a PDF could do is data that is never run. Refused: scripts (but for the lines by which Acrobat lays out dates
 * and numbers), actions that start programs or load files, documents inside, XFA, encryption, and anything before or
 * behind the PDF. Links and buttons that would send the form somewhere are left alone. */
#ifndef WG_READERS_PDF_H
#define WG_READERS_PDF_H

#include "base/buf.h"
#include "base/err.h"

/* Loads what is loaded at first use; call before confinement. */
enum wg_code wg_pdf_prepare(struct wg_err *err) WG_MUST;

/* in: one PDF. out: <fields reader="pdf">. label: the tooltip of a field, else its name; section: the name of the group
 * that it is in; the first of the words outside the fields is the title in the document's properties. WG_REJECT with
 * the reason when the PDF is none, or one of the above; WG_LIMIT when it is too large in some way. What could not be
 * read surely is a remark. */
enum wg_code wg_pdf_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
