"""How what leaves the house is marked: the same words on prints, files and exports."""

CTED_ALONE = "Confidential: for CTED alone"
RECIPIENT_ALONE = "Restricted: for its recipient alone"
