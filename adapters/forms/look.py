"""How the forms look: what the Word document and the PDF have in common."""
INK = "1B2A41"  # titles and headings, near black with some blue
BAND = "1F4E79"  # behind section titles
TINT = "EEF3F8"  # behind questions
LINE = "9FB3C8"
FAINT = "52606D"  # guidance beside a question: still 5.9 to 1 on the tint
MARKING = "OFFICIAL-SENSITIVE once filled in"
